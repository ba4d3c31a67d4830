//! Every way to be told no, as the reply to a request.

use throng_protocol::reply::Reply;
use throng_protocol::{Code, FromBroker, Refusal};

use super::{Case, File, broker, some_extensions, text_of};

const HEAD: &str = "Every way to be told no, as the reply to a request: tag 127.
In a GoAway the same fields follow its two versions.";

pub fn file() -> File {
    let mut cases: Vec<Case> = (1..)
        .zip(Code::ALL)
        .map(|(number, code)| {
            let name = format!("refused-{}", code.name().to_lowercase().replace('_', "-"));
            refused(&name, number, Refusal::new(*code))
        })
        .collect();
    let full = Refusal {
        code: Code::from_number(u16::MAX),
        retry_after_ms: u32::MAX,
        detail: text_of('d', 300),
        extensions: some_extensions(),
    };
    let rate = Refusal { retry_after_ms: 1_000, ..Refusal::new(Code::RATE_LIMITED) };
    cases.push(refused("refused-minimal", 0, Refusal::new(Code::from_number(0))));
    cases.push(refused("refused-retry-after", 300, rate));
    cases.push(refused(
        "refused-detail",
        301,
        Refusal::new(Code::INVALID_ARGUMENT).because("room"),
    ));
    cases.push(refused("refused-unknown-code", 302, Refusal::new(Code::from_number(799))));
    cases.push(refused("refused-full", u32::MAX, full));
    File { name: "refusals.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn refused(name: &str, number: u32, refusal: Refusal<'static>) -> Case {
    broker(name, FromBroker::Reply(number, Reply::Refused(refusal)))
}
