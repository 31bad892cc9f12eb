//! What the guest program `attacks` can do. The guest and its host test both go through all of it, so that neither an attack
//! without a program nor one without a test compiles.

macro_rules! attacks {
    ($($(#[$doc:meta])* $attack:ident = $name:literal,)*) => {
        /// An attack; its name is the class of the search, or of the request, that starts it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Attack {
            $($(#[$doc])* $attack,)*
        }

        impl Attack {
            /// Every attack.
            pub const ALL: &[Self] = &[$(Self::$attack,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$attack => $name,)*
                }
            }

            /// The attack of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|attack| attack.name() == name)
            }
        }
    };
}

attacks! {
    /// Calls itself without end.
    RecursesForEver = "recurses for ever",
    /// Asks for one huge block of memory.
    TakesMemoryAtOnce = "takes memory at once",
    /// Takes memory until none is given, and goes on in good order.
    LivesOnTheEdgeOfMemory = "lives on the edge of memory",
    /// Counts for ever without calling the host.
    ComputesForEver = "computes for ever",
    /// Looks at the clock for ever.
    WatchesTheClock = "watches the clock",
    /// Divides by zero.
    DividesByZero = "divides by zero",
    /// Runs into a dead end of the compiler.
    RunsIntoUnreachable = "runs into unreachable",
    /// Answers more objects than were asked for.
    AnswersTooMany = "answers too many",
    /// Answers one object twice.
    AnswersTwice = "answers twice",
    /// Answers an object without an id.
    AnswersNobody = "answers nobody",
    /// Goes on where it came from.
    GoesInCircles = "goes in circles",
    /// Answers a cursor of megabytes.
    AnswersAHugeCursor = "answers a huge cursor",
    /// Answers attributes that are a list.
    AnswersAList = "answers a list",
    /// Answers JSON that is nested a hundred thousand deep.
    AnswersDeepJson = "answers deep JSON",
    /// Answers a number beyond every number.
    AnswersAHugeNumber = "answers a huge number",
    /// Answers an error whose message has megabytes.
    ComplainsAtLength = "complains at length",
    /// Answers an error whose message looks like lines of the host's log.
    ComplainsInColours = "complains in colours",
    /// Writes one line of megabytes.
    LogsOneHugeLine = "logs one huge line",
    /// Writes lines that look like the host's own.
    LogsForgedLines = "logs forged lines",
    /// Says at length why it panics.
    PanicsAtLength = "panics at length",
    /// Asks for four gigabytes of randomness.
    AsksForAllRandomness = "asks for all randomness",
    /// Asks for a little randomness for ever.
    AsksForRandomnessForEver = "asks for randomness for ever",
    /// Keeps a state under a key of kilobytes.
    KeepsAHugeKey = "keeps a huge key",
    /// Keeps a state of megabytes.
    KeepsAHugeValue = "keeps a huge value",
    /// Keeps ever more states.
    KeepsForEver = "keeps for ever",
    /// Reads more of a file at once than is allowed.
    ReadsTooMuch = "reads too much",
    /// Reads at the end of all numbers.
    ReadsBeyondNumbers = "reads beyond numbers",
    /// Reads a file with a zero in its name.
    ReadsBehindAZero = "reads behind a zero",
    /// Reads a file whose name has line breaks.
    ReadsStrangeNames = "reads strange names",
    /// Reads a named pipe that nobody writes to.
    ReadsAPipe = "reads a pipe",
    /// Reads a directory as a file.
    ReadsADirectory = "reads a directory",
    /// Appends to and commits handles that were never given.
    UsesForeignHandles = "uses foreign handles",
    /// Begins files without end.
    BeginsForEver = "begins for ever",
    /// Commits one file twice.
    CommitsTwice = "commits twice",
    /// Writes over a directory.
    WritesOverADirectory = "writes over a directory",
    /// Writes through a link that leads out.
    WritesThroughALink = "writes through a link",
    /// Removes what is outside.
    RemovesOutside = "removes outside",
    /// Leaves a file half written.
    LeavesHalfAFile = "leaves half a file",
    /// Appends more than a chunk at once.
    AppendsTooMuch = "appends too much",
    /// Sends a body of hundreds of megabytes.
    SendsAHugeBody = "sends a huge body",
    /// Sends requests without end.
    SendsForEver = "sends for ever",
    /// Sends ten thousand headers.
    SendsManyHeaders = "sends many headers",
    /// Sends the host's own headers under other spellings.
    SendsHostHeaders = "sends host headers",
    /// Asks to wait no time at all.
    WaitsForNothing = "waits for nothing",
    /// Sends placeholders for slots that are not attached.
    SendsForeignSlots = "sends foreign slots",
}
