//! Answers to the operators' questions: what somebody was promised and has got, what
//! happened to one object, what is under way now, how a stack is wired.
//!
//! Each answer is plain data, made of the table's items by pure functions, and a few
//! sentences about it. Whoever shows it, a command or a page, reads the items before and
//! lays the answer out after.

mod alarm;
mod changes;
mod given;
mod money;
mod now;
mod person;
mod private;
mod reason;
mod refusal;
mod reward;
mod settings;
mod story;
mod wiring;
mod words;

pub use alarm::{Alarm, Alarms, On};
pub use changes::{FactChange, Replay};
pub use given::{Given, Known};
pub use money::{Money, Total, totals};
pub use now::{LATE_SECONDS, Now, Oldest, Stage, Sweep};
pub use person::{Earning, Link, Person, Role};
pub use private::is_impersonal;
pub use reason::because;
pub use refusal::refusal;
pub use reward::{Party, Reward, Standing};
pub use settings::{About, Saying, Settings, UNSAID};
pub use story::{Happening, Next, Promised, RecordNow, Story, StoryEvent, StoryPromise, Try, What};
pub use wiring::{Address, Looked, ProviderWiring, Seen, Taken, Wiring, outcomes};
pub use words::{counted, span};
