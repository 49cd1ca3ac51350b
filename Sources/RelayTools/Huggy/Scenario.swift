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
