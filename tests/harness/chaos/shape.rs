//! The shape of a world of chaos, drawn from its seed: cores, limits, caps, what rooms are like, and
//! the faults that lie in the shape.

use std::time::Duration;

use throng_broker::nature::Presence;
use throng_broker::rate::QuotaLimits;

use crate::checker::PROTECTED_KIND;
use crate::fault::{Fault, Faults};
use crate::net::Weather;
use crate::random::Random;
use crate::world::Shape;

/// The shape of a world, and the faults that lie in the shape.
pub(super) fn shape(random: &mut Random, faults: Faults) -> (Shape, Faults) {
    let workers = u16::try_from(1 + random.below(4)).expect("small");
    let mut shape = Shape::new(workers);
    let mut hit = Faults::NONE;
    let mut drawn = |fault, calm, bad: &[usize]| {
        let value = bad[random.below(bad.len())];
        if !faults.has(fault) {
            return calm;
        }
        hit = hit.with(fault);
        value
    };
    let calm = Weather::CALM;
    shape.weather = Weather {
        receive_bytes_max: drawn(Fault::SplitReads, calm.receive_bytes_max, &[1, 3, 17, 200]),
        pipe_bytes_max: drawn(Fault::ShortWrites, calm.pipe_bytes_max, &[1, 50, 1_000]),
        delay_percent: drawn(Fault::Delay, 0, &[10, 50, 90]) as u64,
        receives_max: drawn(Fault::FewBuffers, calm.receives_max, &[1, 2, 5]),
        accepts: true,
    };
    shape.lane_envelopes = drawn(Fault::TinyLanes, shape.lane_envelopes, &[4, 8, 16]);
    let least = throng_broker::limits::OUTBOUND_BYTES_MAX_MIN;
    shape.outbound_bytes_max = drawn(Fault::TinyBacklog, shape.outbound_bytes_max, &[least]);
    shape.connections_max = [10_000, 10_000, 6][random.below(3)];
    shape.speakers_percent = 50;
    shape.mixed_kinds = true;
    shape.visits_per_turn = [1, 3, shape.visits_per_turn][random.below(3)];
    shape.app.lists.protected_kinds = [PROTECTED_KIND.into()].into_iter().collect();
    shape.app.lists.low_kinds = ["like".into()].into_iter().collect();
    if random.percent(50) {
        shape.app.quota = QuotaLimits::default();
    }
    if random.percent(20) {
        let normal = u32::try_from(1 + random.below(5)).expect("small");
        shape.app.receiver_caps.normal = std::num::NonZeroU32::new(normal);
    }
    shape.app.rates.refused = std::num::NonZeroU32::new([200, 200, 5][random.below(3)]);
    shape.app.rooms_per_user = [1, 1, 1, 2, 5][random.below(5)];
    shape.app.publish_without_join = random.percent(20);
    draw_rooms(random, &mut shape);
    if random.percent(60) {
        shape.app.rates.requests = None;
    }
    if random.percent(50) {
        shape.app.rates.client_messages = None;
        shape.app.rates.server_messages = None;
    }
    (shape, hit)
}

/// What rooms are like.
fn draw_rooms(random: &mut Random, shape: &mut Shape) {
    shape.app.anonymous = random.percent(30);
    let rooms = &mut shape.app.rooms;
    rooms.lifetimes.idle = Duration::from_secs([60, 3_600][random.below(2)]);
    rooms.presence = [Presence::Off, Presence::Counts, Presence::Full][random.below(3)];
    rooms.presence_full_max = [100, 3][random.below(2)];
    rooms.grace = Duration::from_secs([30, 30, 1][random.below(3)]);
    rooms.grace_messages = [30, 30, 3][random.below(3)];
    if random.percent(20) {
        rooms.members_max = std::num::NonZeroU32::new(3);
    }
    rooms.fixed_members_max = [1_000, 1_000, 3][random.below(3)];
}
