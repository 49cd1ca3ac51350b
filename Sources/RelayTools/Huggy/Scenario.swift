/// A short story of one chat, told in envelopes: the chains that Huggy documents, and what else makes a day.
package enum Scenario: String, Sendable, CaseIterable {
  /// All of the others, in turns.
  case all
  /// createdChat alone: an agent opened the chat, no flow takes part.
  case agentCreatedChat = "agent-created-chat"
  /// createdChat, receivedAllMessage (and receivedMessage): a customer wrote first.
  case customerCreatedChat = "customer-created-chat"
  /// createdChat, receivedAllMessage, startedAutomationFlow: a flow takes the chat, asks, and ends.
  case chatWithFlow = "chat-with-flow"
  /// startedAutomationFlow, receivedAllMessage, finishedAutomationFlow, closedChat: a flow asks for feedback.
  case closingWithFeedbackFlow = "closing-with-feedback-flow"
  /// sendedAllMessage, closedChat: the agent says good-bye and closes with a tabulation.
  case closingByAgent = "closing-by-agent"
  /// agentEntered, closedChat: an agent takes a chat from the queue and closes it.
  case queuePickupAndClose = "queue-pickup-and-close"
  /// startedWidgetAttendance, createdCustomer: a visitor fills in Huggy Chat's form, and is served to the
  /// end.
  case widgetAttendance = "widget-attendance"
  /// Messages both ways, several in one envelope, with an agent's internal note.
  case conversation

  /// All but `all`.
  package static let stories = allCases.filter { $0 != .all }
}

/// What one envelope tells of a chat.
struct StoryStep: Sendable {
  /// A chat's `situation`, as Huggy spells it.
  enum Situation: String, Sendable {
    case automatic = "auto"
    case queued = "wait_for_chat"
    case inChat = "in_chat"
    case finishing
  }

  /// Something that happens, and that one or two events tell of.
  enum Moment: Sendable {
    case chatOpens
    /// receivedAllMessage
    case customerWrites
    /// receivedAllMessage and receivedMessage, of the same message: no agent is there yet.
    case customerWritesAndWaits
    case customerAnswersFlow
    /// receivedAllMessage, from a bot.
    case botWrites
    case agentWrites
    case agentSaysGoodbye
    /// sendedAllMessage that only agents see.
    case agentNotes
    case agentEnters
    case flowStarts, flowFinishes
    case chatCloses
    case visitorFillsForm
    case contactAppears
  }

  var situation: Situation
  var moments: [Moment]

  init(_ situation: Situation, _ moments: Moment...) {
    self.situation = situation
    self.moments = moments
  }
}

extension Scenario {
  /// The story, an envelope a step. Empty for `all`, which is no story of its own.
  var steps: [StoryStep] {
    switch self {
    case .all: []
    case .agentCreatedChat:
      [.init(.inChat, .chatOpens), .init(.inChat, .agentWrites), .init(.inChat, .customerWrites)]
    case .customerCreatedChat:
      [.init(.automatic, .chatOpens, .customerWritesAndWaits), .init(.queued, .customerWritesAndWaits)]
    case .chatWithFlow:
      [
        .init(.automatic, .chatOpens, .customerWrites, .flowStarts), .init(.automatic, .botWrites),
        .init(.automatic, .customerWritesAndWaits), .init(.queued, .flowFinishes),
      ]
    case .closingWithFeedbackFlow:
      [
        .init(.inChat, .agentWrites),
        .init(.finishing, .flowStarts, .customerAnswersFlow, .flowFinishes, .chatCloses),
      ]
    case .closingByAgent:
      [.init(.inChat, .customerWrites), .init(.inChat, .agentSaysGoodbye, .chatCloses)]
    case .queuePickupAndClose:
      [.init(.queued, .customerWritesAndWaits), .init(.inChat, .agentEnters, .chatCloses)]
    case .widgetAttendance:
      [
        .init(.automatic, .visitorFillsForm, .contactAppears),
        .init(.queued, .chatOpens, .customerWritesAndWaits), .init(.inChat, .agentEnters),
        .init(.inChat, .agentWrites), .init(.inChat, .agentSaysGoodbye, .chatCloses),
      ]
    case .conversation:
      [
        .init(.inChat, .customerWrites, .customerWrites), .init(.inChat, .agentNotes),
        .init(.inChat, .agentWrites, .customerWrites),
      ]
    }
  }
}
