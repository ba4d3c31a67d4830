//! What can go wrong in a world, each on its own switch: a seed draws which are on, and a failing
//! seed is shrunk by turning them off again.

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Receives bring any part of what is there, down to a byte.
    SplitReads,
    /// Sends are taken in part, down to a byte.
    ShortWrites,
    /// What could happen now happens later.
    Delay,
    /// A client stops reading.
    Stall,
    /// A client closes and reads no more.
    Close,
    /// A link breaks at any byte, both ways.
    Reset,
    /// A client says that it will say no more, and goes on reading.
    HalfClose,
    /// There are few receive buffers.
    FewBuffers,
    /// There are no descriptors for new connections for a while.
    NoDescriptors,
    /// Lanes between workers hold very little.
    TinyLanes,
    /// A worker gets no time for a while.
    WorkerPause,
    /// The broker is killed and started again.
    Crash,
    /// The wall clock jumps, either way.
    WallJump,
    /// A client sends what is no frame.
    Garbage,
    /// Little may wait for a session.
    TinyBacklog,
}

impl Fault {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::SplitReads,
        Self::ShortWrites,
        Self::Delay,
        Self::Stall,
        Self::Close,
        Self::Reset,
        Self::HalfClose,
        Self::FewBuffers,
        Self::NoDescriptors,
        Self::TinyLanes,
        Self::WorkerPause,
        Self::Crash,
        Self::WallJump,
        Self::Garbage,
        Self::TinyBacklog,
    ];

    /// The fault of that name, as `Debug` writes it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| format!("{fault:?}") == name)
    }
}

/// A set of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults(u32);

impl Faults {
    /// None.
    pub const NONE: Self = Self(0);

    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Fault::ALL.iter().fold(Self::NONE, |set, fault| set.with(*fault))
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, fault: Fault) -> Self {
        Self(self.0 | 1 << fault as u32)
    }

    /// These without one.
    #[must_use]
    pub const fn without(self, fault: Fault) -> Self {
        Self(self.0 & !(1 << fault as u32))
    }

    /// Whether one is among them.
    #[must_use]
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u32) != 0
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.iter().copied().filter(move |fault| self.has(*fault))
    }
}
