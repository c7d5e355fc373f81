//! The words of `resume`: which promises, and what the operator says of them.

use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use clap::{ArgGroup, Args};
use shared::fulfilment::{OperatorDecision, Resolution};
use shared::wire::Timestamp;

use crate::OpsError;
use crate::invocation::line;
use crate::key::Key;
use crate::output::{refused, shown};
use crate::parked::parked;
use crate::resume::asking::agreed;
use crate::resume::elsewhere::elsewhere;
use crate::resume::many::{Plan, Selection};
use crate::resume::{Resumed, caution, decided, resume, rules, says_enough};
use crate::table::plain;
use crate::target::TargetArgs;

/// The promises that are to go on, and the decision about them.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["key", "selection"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ResumeArgs {
    /// The promise, as `parked` shows it, such as firstpromoter:301881:1
    key: Option<Key>,
    /// Instead of one: all that are parked for this cause,
    /// reason=REASON,from=STATE and, if you like, unit=UNIT, campaign=ID. Of those
    /// whose outcome nobody knows, none
    #[arg(long = "where", id = "selection", value_name = "CAUSE", conflicts_with = "key")]
    selection: Option<Selection>,
    /// With --where: shows what would become of each, and writes nothing
    #[arg(long, requires = "selection", conflicts_with = "key")]
    dry_run: bool,
    /// With --where: the most that are taken, longest parked first
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        requires = "selection",
        conflicts_with = "key"
    )]
    limit: u32,
    /// Does not ask, neither whether the promises of --where are to go on nor whether
    /// a reward is to be taken back, or to go on that is not to as it is; needed where
    /// nobody can be asked
    #[arg(long)]
    yes: bool,
    /// The call whose outcome is unknown had its effect: the reward was given,
    /// or taken back if that was the question
    #[arg(long, requires = "because", conflicts_with = "not_granted")]
    granted: bool,
    /// The call whose outcome is unknown had no effect
    #[arg(long, requires = "because")]
    not_granted: bool,
    /// Settles the promise as it stands: what was given is kept, what was not
    /// given is not. Where the outcome is unknown, say which
    #[arg(long, requires = "because")]
    close: bool,
    /// Your evidence, at most 500 characters; kept with the promise for good, and told to
    /// everybody who looks
    #[arg(long, value_name = "WHY", value_parser = said())]
    because: Option<String>,
    /// The operator who decides [default: $USER]
    #[arg(long, value_name = "NAME", value_parser = said())]
    by: Option<String>,
}

/// Parses what an operator says, which is kept for good: as much of it as the page takes.
pub(crate) fn said() -> impl TypedValueParser<Value = String> {
    NonEmptyStringValueParser::new().try_map(|text| match text.trim() {
        // The last two stand in commands that are shown to be copied.
        "" | "WHY" | "NAME" => Err("says nothing".to_owned()),
        long if long.chars().count() > page::BECAUSE => {
            Err(format!("has more than {} characters", page::BECAUSE))
        }
        trimmed => Ok(trimmed.to_owned()),
    })
}

impl ResumeArgs {
    /// Lets one promise go on, or those of one cause, after it was shown what comes of
    /// it where that has to be agreed to.
    ///
    /// # Errors
    /// [`OpsError`] with the reason why not.
    pub(crate) async fn run(&self, args: &TargetArgs, json: bool) -> Result<String, OpsError> {
        match (&self.selection, &self.key) {
            (Some(selection), _) => self.run_many(selection, args, json).await,
            (None, Some(key)) => self.run_one(key, args, json).await,
            (None, None) => Err(OpsError::Failed("which promise?".into())),
        }
    }

    async fn run_one(&self, key: &Key, args: &TargetArgs, json: bool) -> Result<String, OpsError> {
        let target = args.open().await?;
        // Looked up before anything is asked of the operator.
        let Some(seen) = target.store.promise(&key.item()).await? else {
            return Err(elsewhere(args, &target.store, key).await);
        };
        let by = self.by_words();
        says_enough(args, &target, (key, &seen), self.resolution(), by, json)?;
        let next = decided(&seen, &self.decision_of(""), rules(&target, key));
        let next = next.map_err(|why| OpsError::No(plain(&format!("{key}: {why}"))))?;
        let becomes = Resumed::of(&seen, next.last().unwrap_or(&seen));
        let decision = self.decision(args, Some(&becomes))?;
        let caution = caution::of_one(&seen, self.resolution());
        if caution.is_some() || becomes.takes_back {
            let shown = format!("{}{}.", caution.unwrap_or_default(), becomes.text());
            agreed(&shown, "Let it go on?", self.yes)?;
        }
        let resumed = resume(&target, key, &seen, &decision).await?;
        shown(json, &resumed, || resumed.text())
    }

    async fn run_many(
        &self,
        selection: &Selection,
        args: &TargetArgs,
        json: bool,
    ) -> Result<String, OpsError> {
        // Who looks only need not say who they are.
        let decision = if self.dry_run { self.decision_of("") } else { self.decision(args, None)? };
        let target = args.open().await?;
        let waiting = parked(&target.store).await?.only(&selection.filter)?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut plan = Plan::of(&target, waiting, &decision, limit);
        let with_caution = |plan: &Plan| format!("{}{}", selection.caution(), plan.text());
        if plan.going() == 0 {
            let plan = if self.dry_run { plan } else { plan.with_nothing_done() };
            return Err(refused(json, &plan, || plan.text()));
        }
        if self.dry_run {
            return shown(json, &plan, || with_caution(&plan));
        }
        agreed(&with_caution(&plan), &plan.question(), self.yes)?;
        plan = plan.carried_out(&target, &decision).await?;
        if plan.going() == 0 {
            return Err(refused(json, &plan, || plan.text()));
        }
        shown(json, &plan, || plan.text())
    }

    /// What is to become of the promises.
    fn resolution(&self) -> Resolution {
        let granted = self.granted.then_some(true).or(self.not_granted.then_some(false));
        Resolution::of(granted, self.close)
    }

    fn operator(&self) -> Option<String> {
        let user = || {
            let user = std::env::var("USER").ok()?;
            Some(user).filter(|user| !user.trim().is_empty())
        };
        self.by.clone().or_else(user)
    }

    /// The words by which a command names the operator, where it has to.
    fn by_words(&self) -> Option<&str> {
        self.by.as_deref().or_else(|| self.operator().is_none().then_some("NAME"))
    }

    /// The decision, as it is kept. `becomes` is what comes of it, where that is known.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when nobody knows who decides, with the command that says so.
    fn decision(
        &self,
        args: &TargetArgs,
        becomes: Option<&Resumed>,
    ) -> Result<OperatorDecision, OpsError> {
        let Some(by) = self.operator() else {
            let would = becomes.map(|becomes| format!("{}, once you ", becomes.text()));
            return Err(OpsError::Failed(format!(
                "{}say who you are, which is kept with what you decide:\n\n  {}",
                would.unwrap_or_default(),
                self.named(args)
            )));
        };
        Ok(self.decision_of(&by))
    }

    fn decision_of(&self, by: &str) -> OperatorDecision {
        OperatorDecision {
            by: by.to_owned(),
            resolution: self.resolution(),
            because: self.because.clone().unwrap_or_default(),
            at: Timestamp::now(),
        }
    }

    /// This command with the operator's name to be filled in.
    fn named(&self, args: &TargetArgs) -> String {
        let flag = |is_set: bool, name: &'static str| is_set.then(|| name.to_owned());
        let mut words = vec!["resume".to_owned()];
        words.extend(self.key.as_ref().map(ToString::to_string));
        if let Some(selection) = &self.selection {
            words.extend(["--where".to_owned(), selection.to_string()]);
            words.extend(["--limit".to_owned(), self.limit.to_string()]);
        }
        words.extend(
            [
                flag(self.yes, "--yes"),
                flag(self.granted, "--granted"),
                flag(self.not_granted, "--not-granted"),
                flag(self.close, "--close"),
            ]
            .into_iter()
            .flatten(),
        );
        words.extend(self.because.iter().flat_map(|why| ["--because".to_owned(), why.clone()]));
        words.extend(["--by", "NAME"].map(str::to_owned));
        line(args, &words.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    /// The words of `resume`, by themselves.
    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        target: TargetArgs,
        #[command(flatten)]
        resume: ResumeArgs,
    }

    fn parse(line: &str) -> Line {
        Line::parse_from(["resume"].into_iter().chain(line.split_whitespace()))
    }

    #[test]
    fn a_decision_is_what_was_said() {
        for (said, resolution) in [
            ("", Resolution::GoOn),
            ("--granted", Resolution::Granted),
            ("--not-granted", Resolution::NotGranted),
            ("--close", Resolution::Close),
            ("--close --granted", Resolution::CloseGranted),
            ("--close --not-granted", Resolution::CloseNotGranted),
        ] {
            let line = format!("firstpromoter:1:1 {said} --because seen --by jane");
            let Line { target, resume } = parse(&line);
            let decision = resume.decision(&target, None).unwrap();
            assert_eq!(decision.resolution, resolution, "{said}");
            assert_eq!((decision.by.as_str(), decision.because.as_str()), ("jane", "seen"));
        }
        let Line { target, resume } = parse("firstpromoter:1:1 --by jane");
        assert_eq!(resume.decision(&target, None).unwrap().because, "");
    }

    #[test]
    fn what_is_kept_for_good_is_as_long_as_the_page_takes() {
        let because = |length: usize| {
            let why = "\u{e9}".repeat(length);
            Line::try_parse_from(["resume", "firstpromoter:1:1", "--because", &why])
        };
        assert!(because(page::BECAUSE).is_ok());
        let refused = because(page::BECAUSE + 1).unwrap_err().to_string();
        assert!(refused.contains("has more than 500 characters"), "{refused}");
        let help = Line::command().render_help().to_string();
        assert!(help.contains("Your evidence, at most 500 characters;"), "{help}");
    }

    #[test]
    fn a_command_without_a_name_is_given_back_whole() {
        for (said, whole) in [
            ("--local firstpromoter:1:1", "--local resume firstpromoter:1:1 --by NAME"),
            (
                "--local firstpromoter:1:1 --close --granted --because seen",
                "--local resume firstpromoter:1:1 --granted --close --because seen --by NAME",
            ),
            (
                "--local --where reason=over_age,from=requested --limit 5 --yes",
                "--local resume --where reason=over_age,from=requested --limit 5 --yes --by NAME",
            ),
        ] {
            let Line { target, resume } = parse(said);
            assert!(resume.named(&target).ends_with(whole), "{}", resume.named(&target));
        }
    }

    #[test]
    fn what_may_be_named_is_said_where_nothing_is() {
        let refused = Line::try_parse_from(["resume"]).unwrap_err().to_string();
        assert!(refused.contains("--where") && refused.contains("KEY"), "{refused}");
    }
}
