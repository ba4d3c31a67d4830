//! The classes of messages, and the mix of them that a load publishes.
//!
//! A broker drops messages by class when there is too much. The load names a class by the kind
//! of the message, since that is how an app does it; a peer knows no kinds and treats all alike.

/// How a message is to be treated when there is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// The last to be dropped.
    Protected = 0,
    /// What is said in the usual way.
    High = 1,
    /// The first to be dropped.
    Low = 2,
}

impl Class {
    /// All of them, by their number.
    pub const ALL: [Self; 3] = [Self::Protected, Self::High, Self::Low];

    /// The class of that number.
    #[inline]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Protected),
            1 => Some(Self::High),
            2 => Some(Self::Low),
            _ => None,
        }
    }

    /// The kind of its messages.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Protected => "tip",
            Self::High => "text",
            Self::Low => "like",
        }
    }
}

/// Which classes are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Nothing but what is said in the usual way.
    Plain,
    /// Of 20 messages one is protected, nine are high and ten are low, as where people cheer.
    Classes,
}

impl Mix {
    /// The class of a publisher's message of that number. The same for every target and round,
    /// so that a refusal by number is enough to know what was refused.
    #[inline]
    pub const fn class(self, number: u64) -> Class {
        match (self, number % 20) {
            (Self::Plain, _) => Class::High,
            (Self::Classes, 0) => Class::Protected,
            (Self::Classes, place) if place % 2 == 0 => Class::High,
            (Self::Classes, _) => Class::Low,
        }
    }
}

impl Mix {
    /// The share of messages that are of a class.
    pub fn share(self, class: Class) -> f64 {
        let of_class = (0..20).filter(|number| self.class(*number) == class).count();
        of_class as f64 / 20.0
    }
}

/// One number for each class.
pub type ByClass = [u64; Class::ALL.len()];

/// What was added since an earlier look.
pub const fn since(now: &ByClass, before: &ByClass) -> ByClass {
    [now[0] - before[0], now[1] - before[1], now[2] - before[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_twenty_messages_one_is_protected_and_half_are_low() {
        let mut counts = ByClass::default();
        for number in 1..=40 {
            counts[Mix::Classes.class(number) as usize] += 1;
        }
        assert_eq!(counts, [2, 18, 20]);
        assert_eq!(Mix::Plain.class(20), Class::High);
    }

    #[test]
    fn a_class_is_found_by_its_number() {
        for class in Class::ALL {
            assert_eq!(Class::from_byte(class as u8), Some(class));
        }
        assert_eq!(Class::from_byte(3), None);
    }
}
