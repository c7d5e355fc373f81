//! The answers to the operators' questions as pages to look at.
//!
//! Data go in, HTML comes out: nothing is read or written here. A page has no script,
//! one style sheet of its own under a nonce, and asks for nothing from anywhere. What
//! comes from outside is escaped by the renderer; each colour has a word beside it.

mod bars;
mod frame;
mod inbox;
mod now;
mod parts;
mod person;
mod show;
mod story;
mod waiting;
mod wiring;

pub use frame::{Frame, Screen, told};
pub use inbox::{InboxRow, inbox};
pub use now::{Cause, RequestRow, Requests, now};
pub use person::{Finding, FoundEvent, findings, person};
pub use show::{KeptEvent, show};
pub use story::story;
pub use waiting::{
    Act, BECAUSE, Fates, Leaf, PreviewRow, WaitingRow, causes, choice, chosen, done, preview,
    waiting,
};
pub use wiring::wiring;
