/// The event types that Huggy documents, but for the deprecated answeredChatForm.
package enum HuggyEventType: String, Sendable, CaseIterable {
  case receivedMessage, receivedAllMessage, sendedAllMessage
  case createdChat, agentEntered, closedChat
  case createdCustomer, startedWidgetAttendance
  case startedAutomationFlow, finishedAutomationFlow
}
