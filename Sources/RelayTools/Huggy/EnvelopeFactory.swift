import RelayCore

/// Makes envelopes as Huggy would post them: several chats side by side, each a scenario told step by step.
///
/// The same seed, scenario, number of chats and times make the same bytes. Chat, message and contact ids
/// repeat neither within a run nor in one of another seed (of the first 90,000,000). In a mix, the first 2 ×
/// `openChats` envelopes hold every documented type. (A message that both receivedAllMessage and
/// receivedMessage tell of has one id in both.)
package struct EnvelopeFactory: Sendable {
  private let token: String
  private let scenario: Scenario
  private var draws: Draws
  private var open: [(number: Int, story: ChatStory)] = []
  private var upcoming: [Scenario] = []
  private var storyCount = 0
  private var envelopeCount = 0

  /// - Parameter openChats: How many chats go on at once. They take turns, so an envelope and its chat's next
  ///   are about this many envelopes apart. A mix has at least one chat of each scenario.
  package init(seed: UInt64, token: String, scenario: Scenario = .all, openChats: Int = 8) {
    self.token = token
    self.scenario = scenario
    draws = Draws(seed: seed)
    let count = scenario == .all ? max(openChats, Scenario.stories.count) : max(openChats, 1)
    for _ in 0..<count { openChat() }
  }

  /// The next envelope, as posted at this time.
  package mutating func next(at now: Timestamp) -> SimulatedEnvelope {
    var (number, story) = open.removeFirst()
    let stepNumber = story.step
    let step = story.nextStep()
    let (events, hasTokenInMessages) = self.events(of: story, step, at: now)
    let envelope = SimulatedEnvelope(
      index: envelopeCount, story: number, step: stepNumber, isLastOfStory: story.isOver,
      scenario: story.scenario,
      chat: String(story.chatID),
      types: Self.grouped(events).flatMap { Array(repeating: $0.key, count: $0.value.count) },
      body: text(events, hasTokenInMessages: hasTokenInMessages, spelling: story.spelling, at: now))
    envelopeCount += 1
    if story.isOver { openChat() } else { open.append((number, story)) }
    return envelope
  }

  private mutating func openChat() {
    if upcoming.isEmpty { upcoming = scenario == .all ? draws.shuffled(Scenario.stories) : [scenario] }
    open.append((storyCount, ChatStory(upcoming.removeFirst(), &draws)))
    storyCount += 1
  }

  private mutating func events(
    of story: ChatStory, _ step: StoryStep, at now: Timestamp
  ) -> (events: [ChatStory.TypedEvent], hasTokenInMessages: Bool) {
    if story.scenario == .agentCreatedChat && story.step == 1 && draws.oneIn(2) {
      return ([(.createdChat, story.bareOpenedChat)], true)
    }
    return (step.moments.flatMap { story.events(of: $0, step.situation, at: now, &draws) }, false)
  }

  private func text(
    _ events: [ChatStory.TypedEvent], hasTokenInMessages: Bool, spelling: JSONTree.Spelling, at now: Timestamp
  ) -> [UInt8] {
    var messages: [(key: String, value: JSONTree)] = Self.grouped(events).map {
      ($0.key.rawValue, .array($0.value))
    }
    if hasTokenInMessages { messages.append(("token", .string(token))) }
    var members: [(key: String, value: JSONTree)] = [
      ("time", .number(Int(now.seconds))), ("messages", .object(messages)),
    ]
    if !hasTokenInMessages { members.append(("token", .string(token))) }
    var output: [UInt8] = []
    JSONTree.object(members).append(to: &output, spelling: spelling)
    return output
  }

  /// A type stands once in `messages`, where it came first.
  private static func grouped(
    _ events: [ChatStory.TypedEvent]
  ) -> [(key: HuggyEventType, value: [JSONTree])] {
    var groups: [(key: HuggyEventType, value: [JSONTree])] = []
    for (type, event) in events {
      if let place = groups.firstIndex(where: { $0.key == type }) {
        groups[place].value.append(event)
      } else {
        groups.append((type, [event]))
      }
    }
    return groups
  }
}

/// An envelope that Huggy might post.
package struct SimulatedEnvelope: Sendable, Equatable {
  /// Its place in the run, from 0.
  package var index: Int
  /// The story it belongs to, from 0, and its place in that.
  package var story: Int
  package var step: Int
  package var isLastOfStory: Bool
  package var scenario: Scenario
  /// The conversation's id.
  package var chat: String
  /// The type of each event, in document order.
  package var types: [HuggyEventType]
  /// The JSON text.
  package var body: [UInt8]
}
