import RelayText

/// The event types that Huggy's webhook page documents, in its order, and between them those that are known to exist besides.
///
/// Everything that knows types by their names asks here: the routing table's index, the warnings of the configuration and the
/// player of Huggy's part. Any other type is routed all the same.
package enum HuggyEventType: String, Hashable, Sendable, CaseIterable {
  case receivedMessage, receivedAllMessage
  case createdChat, startedChat, agentEntered, closedChat
  case answeredChatForm
  case createdCustomer, updatedCustomer
  case startedWidgetAttendance
  case startedAutomationFlow, finishedAutomationFlow
  case sendedAllMessage, sentAllMessage
  case updatedWorkflowStep

  /// Whether the page describes its events. `answeredChatForm` it calls deprecated, and shows nothing of it.
  package var isDescribed: Bool {
    switch self {
    case .receivedMessage, .receivedAllMessage, .createdChat, .agentEntered, .closedChat, .createdCustomer,
      .startedWidgetAttendance, .startedAutomationFlow, .finishedAutomationFlow, .sendedAllMessage:
      true
    case .startedChat, .answeredChatForm, .updatedCustomer, .sentAllMessage, .updatedWorkflowStep: false
    }
  }

  package static let described = allCases.filter(\.isDescribed)

  /// All of them, as they are written in payloads.
  package static let names = allCases.map(\.rawValue)

  /// Whether events of this type, in whatever case it is written, are about a chat whose id is their own `id`.
  static func isOfChat(_ type: String) -> Bool {
    // Their lengths tell most others apart before a copy in lower case is made.
    guard (10...12).contains(type.utf8.count) else { return false }
    return chatTypes.contains(type.asciiLowercased)
  }

  private static let chatTypes = [createdChat, startedChat, agentEntered, closedChat].map {
    $0.rawValue.asciiLowercased
  }
}
