//! What the crates of the workspace make public, read from their sources.
//!
//! An item counts if a user of the crate can name it: it is public, and so is every module on the way to it, or it is
//! exported again by one that is. What is there for tests alone does not count. Macros are not expanded, but for those
//! whose rows [`macros`] knows how to read.

mod macros;
mod paths;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::{Attribute, Fields, ImplItem, Item, TraitItem, UseTree, Visibility};

use self::macros::Macros;
use self::paths::{Export, Impl, Module, Scopes};
use crate::tables::workspace;

/// The crates whose items may be named.
const CRATES: [&str; 5] = [
    "peer-core",
    "peer-adapter",
    "peer-tokio",
    "peer-mio",
    "peer-async-std",
];

/// The public items of some crates, by every path that leads to them: `krate::module::Type::method`, and
/// `krate::Type: Trait` for a trait that a type has.
pub(crate) struct Items(BTreeSet<String>);

impl Items {
    /// Those of all crates of the workspace that are for others.
    pub(crate) fn of_workspace() -> Self {
        let mut reader = Reader::default();
        for name in CRATES {
            let root = workspace().join(name).join("src/lib.rs");
            let source = std::fs::read_to_string(&root).unwrap();
            reader.read_crate(&name.replace('-', "_"), &source, Some(&root));
        }
        reader.finish()
    }

    /// Those of a crate that is one file.
    pub(crate) fn of_source(source: &str) -> Self {
        let mut reader = Reader::default();
        reader.read_crate("krate", source, None);
        reader.finish()
    }

    /// Whether an item has that name, or a path that ends in it.
    pub(crate) fn has(&self, name: &str) -> bool {
        let end = format!("::{name}");
        self.0
            .iter()
            .any(|path| path == name || path.ends_with(&end))
    }
}

/// Goes through the modules of crates.
#[derive(Default)]
struct Reader {
    scopes: Scopes,
    macros: Macros,
}

impl Reader {
    fn read_crate(&mut self, name: &str, source: &str, file: Option<&Path>) {
        let folder = file.map(|file| file.parent().unwrap().to_owned());
        let items = syn::parse_file(source).unwrap().items;
        self.read_module(vec![name.to_owned()], items, folder);
    }

    /// The items of the module at `path`, whose submodules are in `folder`.
    fn read_module(&mut self, path: Vec<String>, items: Vec<Item>, folder: Option<PathBuf>) {
        let mut module = Module::default();
        for item in items {
            if is_for_tests(attributes(&item)) {
                continue;
            }
            match item {
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    module.add_module(&name, is_public(&inner.vis));
                    let (items, below) = match inner.content {
                        Some((_, items)) => (items, folder.as_ref().map(|at| at.join(&name))),
                        None => read_file(folder.as_deref().unwrap(), &name),
                    };
                    self.read_module([&path[..], &[name]].concat(), items, below);
                }
                Item::Use(import) => {
                    let public = is_public(&import.vis);
                    read_use(&import.tree, &mut Vec::new(), public, &mut module.exports);
                }
                Item::Impl(block) => module.impls.extend(read_impl(block)),
                Item::Macro(call) => self.macros.read(&path, &call),
                item => read_plain(&mut module, item),
            }
        }
        self.scopes.add(path, module);
    }

    fn finish(mut self) -> Items {
        for (path, made) in self.macros.expand() {
            self.scopes.merge(&path, made);
        }
        Items(self.scopes.public_paths())
    }
}

/// A module that has a file of its own, and the folder of its submodules.
fn read_file(folder: &Path, name: &str) -> (Vec<Item>, Option<PathBuf>) {
    let below = folder.join(name);
    let beside = folder.join(format!("{name}.rs"));
    let file = if beside.exists() {
        beside
    } else {
        below.join("mod.rs")
    };
    let source = std::fs::read_to_string(&file).unwrap();
    (syn::parse_file(&source).unwrap().items, Some(below))
}

/// Items that are neither modules nor made of other items.
fn read_plain(module: &mut Module, item: Item) {
    let (name, vis, members) = match item {
        Item::Fn(item) => (item.sig.ident, item.vis, Vec::new()),
        Item::Const(item) => (item.ident, item.vis, Vec::new()),
        Item::Static(item) => (item.ident, item.vis, Vec::new()),
        Item::Type(item) => (item.ident, item.vis, Vec::new()),
        Item::Struct(item) => (item.ident, item.vis, fields(&item.fields)),
        Item::Union(item) => (item.ident, item.vis, Vec::new()),
        Item::Enum(item) => {
            let variants = item
                .variants
                .iter()
                .map(|variant| variant.ident.to_string());
            (item.ident, item.vis, variants.collect())
        }
        Item::Trait(item) => {
            let members = item.items.iter().filter_map(trait_member);
            let members = members.collect();
            (item.ident, item.vis, members)
        }
        _ => return,
    };
    module.add_item(&name.to_string(), is_public(&vis), members);
}

fn fields(fields: &Fields) -> Vec<String> {
    let public = fields.iter().filter(|field| is_public(&field.vis));
    let named = public.filter_map(|field| Some(field.ident.as_ref()?.to_string()));
    named.collect()
}

fn trait_member(item: &TraitItem) -> Option<String> {
    match item {
        TraitItem::Fn(item) => Some(item.sig.ident.to_string()),
        TraitItem::Const(item) => Some(item.ident.to_string()),
        TraitItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// What an `impl` adds to its type: public members, or a trait.
fn read_impl(block: syn::ItemImpl) -> Option<Impl> {
    let syn::Type::Path(of) = &*block.self_ty else {
        return None;
    };
    let of = of.path.segments.iter();
    let of = of.map(|segment| segment.ident.to_string()).collect();
    let its_trait = block.trait_.as_ref().map(|(_, path, _)| {
        let last = path.segments.last().unwrap();
        last.ident.to_string()
    });
    let members = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(item) => Some((&item.attrs, &item.vis, &item.sig.ident)),
        ImplItem::Const(item) => Some((&item.attrs, &item.vis, &item.ident)),
        _ => None,
    });
    let members = members
        .filter(|(attrs, vis, _)| is_public(vis) && !is_for_tests(attrs))
        .map(|(.., name)| name.to_string())
        .collect();
    Some(Impl {
        of,
        its_trait,
        members,
    })
}

/// The names that a `use` brings, with the paths they stand for.
fn read_use(tree: &UseTree, before: &mut Vec<String>, public: bool, into: &mut Vec<Export>) {
    let mut add = |name: Option<String>, last: Option<String>| {
        let path = before.iter().cloned().chain(last).collect();
        into.push(Export { public, name, path });
    };
    match tree {
        UseTree::Name(name) if name.ident == "self" => add(before.last().cloned(), None),
        UseTree::Name(name) => add(Some(name.ident.to_string()), Some(name.ident.to_string())),
        UseTree::Rename(name) => add(Some(name.rename.to_string()), Some(name.ident.to_string())),
        UseTree::Glob(_) => add(None, None),
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            read_use(&path.tree, before, public, into);
            before.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                read_use(tree, before, public, into);
            }
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]` and whatever else depends on being tested.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        let condition = list.tokens.to_string();
        let mut words = condition.split(|letter: char| !letter.is_alphanumeric());
        list.path.is_ident("cfg") && words.any(|word| word == "test" || word == "doctest")
    })
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

#[cfg(test)]
mod tests;
