//! Answers to the operators' questions: what somebody was promised and has got, what
//! happened to one object, what is under way now.
//!
//! Each answer is plain data, made of the table's items by pure functions, and a few
//! sentences about it. Whoever shows it, a command or a page, reads the items before and
//! lays the answer out after.

mod changes;
mod given;
mod money;
mod now;
mod person;
mod private;
mod reason;
mod reward;
mod story;
mod words;

pub use changes::{FactChange, Replay};
pub use given::{Given, Known};
pub use money::{Money, Total, totals};
pub use now::{LATE_SECONDS, Now, Stage, Sweep};
pub use person::{Earning, Link, Person, Role};
pub use private::is_impersonal;
pub use reason::because;
pub use reward::{Party, Reward, Standing};
pub use story::{Happening, Next, RecordNow, Story, StoryEvent, StoryPromise, Try, What};
pub use words::{counted, span};
