//! Items that macros of the crates make, by the rules that these macros follow:
//!
//! - a macro that makes `pub struct $name` makes one for each entry of its call; the entry begins with the name;
//! - a macro that is called with nothing but another macro's name (`message_table!(messages)`) hands that one its rows,
//!   `Variant(payload), "command", method, ..;`, from which follow variants `$variant` and methods `$method`.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::paths::{Impl, Module, Place};

/// The macros that were met, and where they were called.
#[derive(Debug, Default)]
pub(super) struct Macros {
    definitions: BTreeMap<String, TokenStream>,
    calls: Vec<(Place, String, TokenStream)>,
}

/// A type that a macro makes.
#[derive(Debug, Default)]
struct Made {
    public: bool,
    members: Vec<String>,
    traits: Vec<String>,
}

impl Macros {
    pub(super) fn read(&mut self, module: &Place, item: &syn::ItemMacro) {
        let tokens = item.mac.tokens.clone();
        if let Some(name) = &item.ident {
            self.definitions.insert(name.to_string(), tokens);
        } else if let Some(name) = item.mac.path.get_ident() {
            self.calls.push((module.clone(), name.to_string(), tokens));
        }
    }

    /// What all calls make, and in which modules.
    pub(super) fn expand(&self) -> Vec<(Place, Module)> {
        let calls = self.calls.iter();
        let made = calls.filter_map(|(module, name, tokens)| {
            let body = self.definitions.get(name)?;
            let generator = only_word(tokens).and_then(|name| self.definitions.get(&name));
            let types = match generator {
                Some(generator) => types_of(generator, &Rows::read(body), None),
                None => {
                    let names = entries(tokens);
                    let each = names.iter();
                    each.flat_map(|name| types_of(body, &Rows::default(), Some(name)))
                        .collect()
                }
            };
            Some((module.clone(), module_of(types)))
        });
        made.collect()
    }
}

fn module_of(types: BTreeMap<String, Made>) -> Module {
    let mut module = Module::default();
    for (name, made) in types {
        module.add_item(&name, made.public, made.members);
        module.impls.extend(made.traits.into_iter().map(|its| Impl {
            of: vec![name.clone()],
            its_trait: Some(its),
            members: Vec::new(),
        }));
    }
    module
}

/// The one word that a call has, if it has no more.
fn only_word(tokens: &TokenStream) -> Option<String> {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(word)), None) => Some(word.to_string()),
        _ => None,
    }
}

/// What the entries of a call begin with.
fn entries(tokens: &TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut at_start = true;
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(name) if core::mem::take(&mut at_start) => {
                names.push(name.to_string());
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => at_start = true,
            // `#[doc = ".."]`
            TokenTree::Punct(punct) if punct.as_char() == '#' => {}
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {}
            _ => at_start = false,
        }
    }
    names
}

/// The rows of a table of messages.
#[derive(Debug, Default)]
struct Rows {
    variants: Vec<String>,
    methods: Vec<String>,
}

impl Rows {
    fn read(body: &TokenStream) -> Self {
        let mut rows = Self::default();
        for group in groups(body) {
            rows.read_group(&group);
        }
        rows
    }

    fn read_group(&mut self, tokens: &TokenStream) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            if !token.to_string().starts_with('"') {
                continue;
            }
            // `Variant, "command", method,` or `Variant(payload), "command", method,`
            let before = tokens[..index].iter().rev();
            let mut before = before.filter(|token| !matches!(token, TokenTree::Group(_)));
            let comma = before.next().is_some_and(|token| is_punct(token, ','));
            let (variant, method) = (before.next(), tokens.get(index + 2));
            if let (true, Some(TokenTree::Ident(variant)), Some(TokenTree::Ident(method))) =
                (comma, variant, method)
            {
                self.variants.push(variant.to_string());
                self.methods.push(method.to_string());
            }
        }
    }
}

/// The types that the body of a macro makes from `rows`, with `name` for `$name`.
fn types_of(body: &TokenStream, rows: &Rows, name: Option<&String>) -> BTreeMap<String, Made> {
    let mut types = BTreeMap::<String, Made>::new();
    for group in groups(body) {
        let tokens: Vec<TokenTree> = group.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            let after = &tokens[index + 1..];
            let is_public = index > 0 && is_word(&tokens[index - 1], "pub");
            match token.to_string().as_str() {
                "struct" | "enum" | "trait" => {
                    let Some((name, after)) = type_name(after, name) else {
                        continue;
                    };
                    let made = types.entry(name).or_default();
                    made.public |= is_public;
                    made.members
                        .extend(declared(&token.to_string(), after, rows));
                }
                "impl" => read_impl(after, name, &mut types),
                _ => {}
            }
        }
    }
    types
}

/// The name of a type, and what follows it. `$name` is replaced.
fn type_name<'a>(
    tokens: &'a [TokenTree],
    name: Option<&String>,
) -> Option<(String, &'a [TokenTree])> {
    match tokens {
        [TokenTree::Ident(word), after @ ..] => Some((word.to_string(), after)),
        [dollar, TokenTree::Ident(_), after @ ..] if is_punct(dollar, '$') => {
            Some((name?.clone(), after))
        }
        _ => None,
    }
}

/// The variants of an enum, the methods of a trait. (Fields are left out.)
fn declared(keyword: &str, after: &[TokenTree], rows: &Rows) -> Vec<String> {
    let Some(body) = block(after) else {
        return Vec::new();
    };
    match keyword {
        "enum" => {
            let own = body.clone().into_iter().collect::<Vec<_>>();
            let own = own.windows(2).filter_map(|pair| match pair {
                [TokenTree::Ident(variant), TokenTree::Group(_)] => Some(variant.to_string()),
                _ => None,
            });
            let from_rows = says(&body, "variant").then_some(&rows.variants);
            own.chain(from_rows.into_iter().flatten().cloned())
                .collect()
        }
        "trait" => {
            let from_rows = says(&body, "method").then_some(&rows.methods);
            let own = functions(&body, false);
            own.into_iter()
                .chain(from_rows.into_iter().flatten().cloned())
                .collect()
        }
        _ => Vec::new(),
    }
}

/// `Type { .. }`, `Trait for Type { .. }`, with paths or `$name` in either place.
fn read_impl(after: &[TokenTree], name: Option<&String>, types: &mut BTreeMap<String, Made>) {
    let Some(body) = block(after) else { return };
    let end = after.iter().position(is_block).unwrap_or_default();
    let head = &after[..end];
    let split = head.iter().position(|token| is_word(token, "for"));
    let subject = split.map_or(head, |at| &head[at + 1..]);
    let Some((subject, _)) = type_name(subject, name) else {
        return;
    };
    let Some(made) = types.get_mut(&subject) else {
        return;
    };
    match split.and_then(|at| head[..at].last()) {
        Some(its_trait) => made.traits.push(its_trait.to_string()),
        None => made.members.extend(functions(&body, true)),
    }
}

/// Functions and constants of a block, all or the public ones.
fn functions(body: &TokenStream, only_public: bool) -> Vec<String> {
    let tokens: Vec<TokenTree> = body.clone().into_iter().collect();
    let mut names = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        let [keyword, TokenTree::Ident(name)] = pair else {
            continue;
        };
        let is_member = is_word(keyword, "fn") || is_word(keyword, "const");
        let before = tokens[..index].iter().rev();
        let mut before = before.skip_while(|token| is_word(token, "const"));
        // In `pub(super)` a group stands in between.
        let is_public = before.next().is_some_and(|token| is_word(token, "pub"));
        if is_member && name != "fn" && (is_public || !only_public) {
            names.push(name.to_string());
        }
    }
    names
}

/// The tokens of every group inside, at any depth, and of the whole.
fn groups(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut all = vec![tokens.clone()];
    for token in tokens.clone() {
        if let TokenTree::Group(group) = token {
            all.extend(groups(&group.stream()));
        }
    }
    all
}

fn block(tokens: &[TokenTree]) -> Option<TokenStream> {
    tokens
        .iter()
        .find(|token| is_block(token))
        .map(|token| match token {
            TokenTree::Group(group) => group.stream(),
            _ => TokenStream::new(),
        })
}

/// Whether `$word` is in it.
fn says(tokens: &TokenStream, word: &str) -> bool {
    groups(tokens).into_iter().any(|group| {
        let tokens: Vec<TokenTree> = group.into_iter().collect();
        let mut pairs = tokens.windows(2);
        pairs.any(|pair| is_punct(&pair[0], '$') && is_word(&pair[1], word))
    })
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}
