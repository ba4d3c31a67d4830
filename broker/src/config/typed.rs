//! The apps of the file as typed, each value with its place: what the walk over the file finds and
//! `apps` makes apps of. Plain values.

use super::Given;
use super::field::Field;
use super::problem::Origin;
use super::value::Value;

/// All that a file says.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// The settings of the node and the development app.
    pub(super) given: Vec<Given>,
    /// The apps.
    pub(super) apps: Vec<TypedApp>,
    /// Whether everyone on the machine can read the file.
    pub(super) is_world_readable: bool,
}

/// One `[[app]]`.
#[derive(Debug)]
pub(super) struct TypedApp {
    /// Where it begins.
    pub(super) origin: Origin,
    /// The settings that the development app has, too.
    pub(super) given: Vec<Given>,
    /// Its fields that stand in no table of their own.
    pub(super) fields: Vec<TypedField>,
    /// Each `[[app.token_keys]]`.
    pub(super) token_keys: Vec<TypedTable>,
    /// `[app.jwt]`.
    pub(super) jwt: Option<TypedTable>,
    /// Each `[[app.jwt_keys]]`.
    pub(super) jwt_keys: Vec<TypedTable>,
}

/// A table of fields. No field is in it twice: that would not be TOML.
#[derive(Debug)]
pub(super) struct TypedTable {
    /// Where it begins.
    pub(super) origin: Origin,
    /// What is in it.
    pub(super) fields: Vec<TypedField>,
}

/// A field.
#[derive(Debug)]
pub(super) struct TypedField {
    pub(super) field: Field,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

impl TypedApp {
    /// One that begins there and says nothing yet.
    pub(super) const fn new(origin: Origin) -> Self {
        Self {
            origin,
            given: Vec::new(),
            fields: Vec::new(),
            token_keys: Vec::new(),
            jwt: None,
            jwt_keys: Vec::new(),
        }
    }
}

impl TypedTable {
    /// That field of it.
    pub(super) fn find(&self, field: Field) -> Option<&TypedField> {
        self.fields.iter().find(|own| own.field == field)
    }
}
