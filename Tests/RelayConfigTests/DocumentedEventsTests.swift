import RelayConfig
import RelayCore
import Testing

@Suite struct DocumentedEventsTests {
  /// The paths in the examples of Huggy's page, of all examples of a type together.
  static let examples = [
    (
      "agentEntered",
      """
      id channel situation department customer customer.id customer.name customer.mobile \
      customer.phone customer.email customer.photo agent agent.id agent.name agent.mobile agent.phone \
      agent.email agent.photo company company.id
      """
    ),
    (
      "createdChat",
      """
      id channel situation department customer customer.id customer.name customer.mobile \
      customer.phone customer.email customer.photo company company.id
      """
    ),
    (
      "receivedMessage",
      """
      id body is_internal is_email sender sender.id sender.name sender.mobile sender.phone \
      sender.email sender.photo senderType receiver receiverType file channel customer customer.id \
      customer.name customer.mobile customer.phone customer.email customer.photo chat chat.id \
      chat.channel chat.situation chat.department chat.customer chat.customer.id chat.customer.name \
      chat.customer.mobile chat.customer.phone chat.customer.email chat.customer.photo send_at read_at \
      company company.id
      """
    ),
    (
      "closedChat",
      """
      id channel closed_at tabulation situation closed company company.id
      """
    ),
    (
      "createdCustomer",
      """
      id name mobile phone email photo company company.id
      """
    ),
    (
      "finishedAutomationFlow",
      """
      chatID lastActionID companyID flowID context context."SYSTEM.TIME_HELLO" \
      context."SYSTEM.CHAT_ID" context."SYSTEM.DEPARTMENT_NAME" context."SYSTEM.DEPARTMENT_ORDER" \
      context."SYSTEM.CLIENT_NAME" context."SYSTEM.CLIENT_FIRST_NAME" \
      context."SYSTEM.CLIENT_SECOND_NAME" context."SYSTEM.CLIENT_NUMBER" context."SYSTEM.COMPANY_NAME" \
      context."SYSTEM.COMPANY_NUMBER" context."SYSTEM.AGENT_NAME" context."SYSTEM.AGENT_MAIL" \
      context."SYSTEM.AGENT_PHONE" context."hash_fluxo.pergunta" company company.id
      """
    ),
    (
      "receivedAllMessage",
      """
      id body is_internal is_email sender sender.id sender.name sender.mobile sender.phone \
      sender.email sender.photo senderType receiver receiver.id receiver.name receiver.mobile \
      receiver.phone receiver.email receiver.photo receiverType file channel customer customer.id \
      customer.name customer.mobile customer.phone customer.email customer.photo chat chat.id \
      chat.channel chat.situation chat.department chat.customer chat.customer.id chat.customer.name \
      chat.customer.mobile chat.customer.phone chat.customer.email chat.customer.photo send_at read_at \
      company company.id
      """
    ),
    (
      "sendedAllMessage",
      """
      id body is_internal is_email sender sender.id sender.name sender.mobile sender.phone \
      sender.email sender.photo senderType receiver receiver.id receiver.name receiver.mobile \
      receiver.phone receiver.email receiver.photo receiverType file channel customer customer.id \
      customer.name customer.mobile customer.phone customer.email customer.photo chat chat.id \
      chat.channel chat.situation chat.department chat.customer chat.customer.id chat.customer.name \
      chat.customer.mobile chat.customer.phone chat.customer.email chat.customer.photo send_at read_at \
      company company.id
      """
    ),
    (
      "startedAutomationFlow",
      """
      chatID lastActionID companyID flowID context context."SYSTEM.TIME_HELLO" \
      context."SYSTEM.CHAT_ID" context."SYSTEM.DEPARTMENT_NAME" context."SYSTEM.DEPARTMENT_ORDER" \
      context."SYSTEM.CLIENT_NAME" context."SYSTEM.CLIENT_FIRST_NAME" \
      context."SYSTEM.CLIENT_SECOND_NAME" context."SYSTEM.CLIENT_NUMBER" context."SYSTEM.COMPANY_NAME" \
      context."SYSTEM.COMPANY_NUMBER" context."SYSTEM.AGENT_NAME" context."SYSTEM.AGENT_MAIL" \
      context."SYSTEM.AGENT_PHONE" company company.id
      """
    ),
    (
      "startedWidgetAttendance",
      """
      id name mobile phone email widget company company.id
      """
    ),
  ]

  @Test(arguments: examples)
  func theFieldsOfAllExamplesAreDocumentedAndNoOthers(type: String, paths: String) throws {
    let event = try #require(DocumentedEvents.all.first { $0.name == type })
    let shown = Set(paths.split(separator: " ").compactMap { FieldPath(String($0)) })
    for path in shown { #expect(event.documents(path), "\(path)") }
    // The page shows no receiver of a receivedMessage but `false`; elsewhere it is a person.
    let unshown = event.fields.subtracting(shown).filter {
      $0.keys.first != "receiver" || type != "receivedMessage"
    }
    #expect(unshown == [])
  }

  @Test func thereAreTheTypesOfThePageButTheDeprecatedOne() {
    #expect(Set(DocumentedEvents.all.map(\.name)) == Set(Self.examples.map(\.0)))
    #expect(DocumentedEvents.all.map(\.name) == HuggyEventType.described.map(\.rawValue))
    #expect(DocumentedEvents.all.count == 10)
  }

  @Test func onlyCustomersWidgetsAndFlowsHaveNoChannel() {
    #expect(
      DocumentedEvents.all.filter { !$0.hasChannel }.map(\.name) == [
        "createdCustomer", "startedWidgetAttendance", "startedAutomationFlow", "finishedAutomationFlow",
      ])
  }
}
