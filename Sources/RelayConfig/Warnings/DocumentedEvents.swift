import RelayCore

/// The event types of Huggy's webhook page, with the fields that it shows or lists for them.
///
/// A field counts if any example or table of the type has it. Where a page shows no shape (`file` is always
/// null, `tabulation` false, `context` the account's own), anything may stand below it. A type that the page does not
/// describe is not here.
package enum DocumentedEvents {
  package struct EventType: Sendable, Equatable {
    package let name: String
    /// Whether its events say over which channel they came.
    package let hasChannel: Bool
    /// Every path that stands for something, inner objects included.
    package let fields: Set<FieldPath>
    /// Paths below which anything may stand.
    package let openFields: Set<FieldPath>

    /// Whether events of the type may hold the path.
    package func documents(_ path: FieldPath) -> Bool {
      fields.contains(path) || openFields.contains { path.keys.starts(with: $0.keys) }
    }
  }

  package static let all = HuggyEventType.allCases.compactMap { type in
    fields(of: type).map { eventType(type.rawValue, $0) }
  }

  /// nil: the page does not describe it.
  private static func fields(of type: HuggyEventType) -> [String]? {
    switch type {
    case .receivedMessage, .receivedAllMessage, .sendedAllMessage: message
    case .createdChat: chat + prefixed("customer", person)
    case .agentEntered: chat + prefixed("customer", person) + prefixed("agent", person)
    case .closedChat: ["id", "channel", "situation", "closed_at", "closed", "tabulation"]
    case .createdCustomer: person
    case .startedWidgetAttendance: ["id", "name", "mobile", "phone", "email", "widget"]
    case .startedAutomationFlow, .finishedAutomationFlow: flow
    case .startedChat, .answeredChatForm, .updatedCustomer, .sentAllMessage, .updatedWorkflowStep: nil
    }
  }

  private static let person = ["id", "name", "mobile", "phone", "email", "photo"]
  private static let chat = ["id", "channel", "situation", "department"]
  private static let flow = ["chatID", "lastActionID", "companyID", "flowID", "context"]
  private static let message =
    [
      "id", "body", "is_internal", "is_email", "senderType", "receiverType", "file", "channel", "send_at",
      "read_at",
    ] + prefixed("sender", person) + prefixed("receiver", person) + prefixed("customer", person)
    + prefixed("chat", chat + prefixed("customer", person))

  /// `channel` is text on the page, but an object for some accounts.
  private static let open: Set<String> = ["context", "file", "tabulation", "channel", "chat.channel"]

  private static func prefixed(_ key: String, _ fields: [String]) -> [String] {
    [key] + fields.map { "\(key).\($0)" }
  }

  private static func eventType(_ name: String, _ fields: [String]) -> EventType {
    let all = fields + ["company", "company.id"]
    let paths = { (fields: [String]) in Set(fields.compactMap { FieldPath($0) }) }
    return EventType(
      name: name, hasChannel: fields.contains("channel"), fields: paths(all),
      openFields: paths(all.filter(open.contains)))
  }
}
