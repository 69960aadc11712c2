//! Where names lead: modules, what they export, and the paths under which a user finds an item.

use std::collections::{BTreeMap, BTreeSet};

/// A crate's name, its modules, and for items their own name.
pub(super) type Place = Vec<String>;

/// Re-exports of re-exports that are followed.
const DEPTH: u8 = 16;

/// What one module has.
#[derive(Debug, Default)]
pub(super) struct Module {
    items: Vec<Entry>,
    pub(super) exports: Vec<Export>,
    pub(super) impls: Vec<Impl>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    public: bool,
    is_module: bool,
    members: Vec<String>,
}

/// A name that a `use` brings into a module.
#[derive(Debug)]
pub(super) struct Export {
    pub(super) public: bool,
    /// `None` for everything that is public there.
    pub(super) name: Option<String>,
    pub(super) path: Vec<String>,
}

/// An `impl` of a type, as the module names it that has the block.
#[derive(Debug)]
pub(super) struct Impl {
    pub(super) of: Vec<String>,
    pub(super) its_trait: Option<String>,
    pub(super) members: Vec<String>,
}

impl Module {
    pub(super) fn add_module(&mut self, name: &str, public: bool) {
        self.add(name, public, true, Vec::new());
    }

    pub(super) fn add_item(&mut self, name: &str, public: bool, members: Vec<String>) {
        self.add(name, public, false, members);
    }

    fn add(&mut self, name: &str, public: bool, is_module: bool, members: Vec<String>) {
        let name = name.to_owned();
        self.items.push(Entry {
            name,
            public,
            is_module,
            members,
        });
    }
}

/// All modules of all crates.
#[derive(Debug, Default)]
pub(super) struct Scopes(BTreeMap<Place, Module>);

impl Scopes {
    pub(super) fn add(&mut self, path: Place, module: Module) {
        self.0.insert(path, module);
    }

    /// Adds what a macro makes in a module.
    pub(super) fn merge(&mut self, path: &Place, made: Module) {
        let module = self.0.get_mut(path).unwrap();
        module.items.extend(made.items);
        module.impls.extend(made.impls);
    }

    /// Every path of every public item, and of what it has.
    pub(super) fn public_paths(&self) -> BTreeSet<String> {
        let mut names = BTreeMap::new();
        for krate in self.0.keys().filter(|path| path.len() == 1) {
            self.name_all(krate, &krate[0], DEPTH, &mut names);
        }
        let mut paths = BTreeSet::new();
        for (place, aliases) in &names {
            let members: Vec<String> = self.members(place).collect();
            for alias in aliases {
                paths.insert(alias.clone());
                paths.extend(members.iter().map(|member| format!("{alias}{member}")));
            }
        }
        paths
    }

    /// Notes under which names the public items of `module` are found, which itself is called `prefix`.
    fn name_all(
        &self,
        module: &Place,
        prefix: &str,
        depth: u8,
        names: &mut BTreeMap<Place, BTreeSet<String>>,
    ) {
        let (Some(scope), Some(depth)) = (self.0.get(module), depth.checked_sub(1)) else {
            return;
        };
        for entry in scope.items.iter().filter(|entry| entry.public) {
            let place = below(module, &entry.name);
            self.name_one(place, &format!("{prefix}::{}", entry.name), depth, names);
        }
        for export in scope.exports.iter().filter(|export| export.public) {
            let place = self.resolve(module, &export.path, DEPTH);
            match (&export.name, place) {
                // A crate that is exported as a whole has names of its own.
                (_, Some(place)) if place.len() == 1 => {}
                (Some(name), Some(place)) => {
                    self.name_one(place, &format!("{prefix}::{name}"), depth, names);
                }
                (None, Some(place)) => self.name_all(&place, prefix, depth, names),
                // Somebody else's.
                (_, None) => {}
            }
        }
    }

    fn name_one(
        &self,
        place: Place,
        name: &str,
        depth: u8,
        names: &mut BTreeMap<Place, BTreeSet<String>>,
    ) {
        self.name_all(&place, name, depth, names);
        names.entry(place).or_default().insert(name.to_owned());
    }

    /// What the item at `place` has: `::member` and `: Trait`.
    fn members(&self, place: &Place) -> impl Iterator<Item = String> {
        let (name, module) = place.split_last().unwrap();
        let own = self.0.get(module).into_iter();
        let own = own.flat_map(|module| &module.items);
        let own = own.filter(|entry| entry.name == *name && !entry.is_module);
        let own = own.flat_map(|entry| &entry.members);
        let members = own.map(|member| format!("::{member}"));
        members.chain(self.implemented(place))
    }

    fn implemented(&self, place: &Place) -> impl Iterator<Item = String> {
        let blocks = self.0.iter().flat_map(|(module, scope)| {
            let blocks = scope.impls.iter();
            blocks.filter(|block| self.resolve(module, &block.of, DEPTH).as_ref() == Some(place))
        });
        blocks.flat_map(|block| {
            let members = block.members.iter().map(|member| format!("::{member}"));
            members.chain(block.its_trait.iter().map(|its| format!(": {its}")))
        })
    }

    /// What `path` means inside `module`.
    fn resolve(&self, module: &Place, path: &[String], depth: u8) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => module[..1].to_vec(),
            "self" => module.clone(),
            "super" => above(module)?,
            name => self.find(module, name, depth)?,
        };
        rest.iter().try_fold(start, |at, name| match name.as_str() {
            "super" => above(&at),
            name => self.find(&at, name, depth),
        })
    }

    /// What `name` means in the scope of `module`.
    fn find(&self, module: &Place, name: &str, depth: u8) -> Option<Place> {
        let depth = depth.checked_sub(1)?;
        let scope = self.0.get(module)?;
        if scope.items.iter().any(|entry| entry.name == name) {
            return Some(below(module, name));
        }
        let named = |export: &&Export| export.name.as_deref() == Some(name);
        if let Some(export) = scope.exports.iter().find(named) {
            return self.resolve_import(module, export, depth);
        }
        let globs = scope.exports.iter().filter(|export| export.name.is_none());
        let mut found = globs.filter_map(|export| {
            let at = self.resolve_import(module, export, depth)?;
            self.find(&at, name, depth)
        });
        let krate = || vec![name.to_owned()];
        found
            .next()
            .or_else(|| Some(krate()).filter(|krate| self.0.contains_key(krate)))
    }

    /// Where a `use` leads. One that begins with the name that it brings means a crate.
    fn resolve_import(&self, module: &Place, export: &Export, depth: u8) -> Option<Place> {
        let krate = export.path[..1].to_vec();
        if self.0.contains_key(&krate) {
            return self.resolve(
                &krate,
                &[&["self".to_owned()], &export.path[1..]].concat(),
                depth,
            );
        }
        self.resolve(module, &export.path, depth)
    }
}

fn below(module: &Place, name: &str) -> Place {
    [&module[..], &[name.to_owned()]].concat()
}

fn above(module: &Place) -> Option<Place> {
    let (_, above) = module.split_last()?;
    Some(above.to_vec())
}
