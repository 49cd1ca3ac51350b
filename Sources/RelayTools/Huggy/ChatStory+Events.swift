import RelayCore

/// The events that tell of a moment: fields, types and quirks as in Huggy's own examples.
extension ChatStory {
  typealias TypedEvent = (type: HuggyEventType, event: JSONTree)

  func events(
    of moment: StoryStep.Moment, _ situation: StoryStep.Situation, at now: Timestamp, _ draws: inout Draws
  ) -> [TypedEvent] {
    let message = { (voice: Message.Voice, phrases: [String], draws: inout Draws) in
      Message(voice, phrases, in: self, situation, at: now, &draws).json
    }
    switch moment {
    case .chatOpens: return [(.createdChat, openedChat)]
    case .customerWrites: return [(.receivedAllMessage, message(.customer, Phrases.customer, &draws))]
    case .customerAnswersFlow: return [(.receivedAllMessage, message(.customer, Phrases.flowAnswer, &draws))]
    case .customerWritesAndWaits:
      let event = message(.customer, Phrases.customer, &draws)
      return [(.receivedAllMessage, event), (.receivedMessage, event)]
    case .botWrites: return [(.receivedAllMessage, message(.bot, Phrases.bot, &draws))]
    case .agentWrites: return [(.sendedAllMessage, message(.agent, Phrases.agent, &draws))]
    case .agentSaysGoodbye: return [(.sendedAllMessage, message(.agent, Phrases.goodbye, &draws))]
    case .agentNotes: return [(.sendedAllMessage, message(.agentToAgents, Phrases.note, &draws))]
    case .agentEnters: return [(.agentEntered, enteredAgent(situation))]
    case .flowStarts: return [(.startedAutomationFlow, flow(at: now, answer: nil))]
    case .flowFinishes:
      return [(.finishedAutomationFlow, flow(at: now, answer: draws.pick(Phrases.flowAnswer)))]
    case .chatCloses: return [(.closedChat, closedChat(at: now, &draws))]
    case .visitorFillsForm: return [(.startedWidgetAttendance, filledForm(&draws))]
    case .contactAppears: return [(.createdCustomer, newContact)]
    }
  }

  private var openedChat: JSONTree {
    [
      "id": .number(chatID), "channel": channelJSON, "situation": nil, "department": false,
      "customer": contact.json, "company": companyJSON,
    ]
  }

  /// As an agent's own chat may look: nobody in it, no company, and the envelope's token beside the type.
  var bareOpenedChat: JSONTree {
    ["id": .number(chatID), "channel": channelJSON, "situation": nil, "department": false]
  }

  private func enteredAgent(_ situation: StoryStep.Situation) -> JSONTree {
    [
      "id": .number(chatID), "channel": channelJSON, "situation": .string(situation.rawValue),
      "department": departmentJSON, "customer": contact.json, "agent": agent.json, "company": companyJSON,
    ]
  }

  private func closedChat(at now: Timestamp, _ draws: inout Draws) -> JSONTree {
    [
      "id": .number(chatID), "channel": channelJSON, "closed_at": .string(now.huggyLocalTime),
      "tabulation": scenario == .closingByAgent ? .string(draws.pick(Phrases.tabulation)) : false,
      "situation": "finishing", "closed": 1, "company": companyJSON,
    ]
  }

  private var newContact: JSONTree {
    [
      "id": .number(contact.id), "name": .string(contact.name), "mobile": .optional(contact.mobile),
      "phone": .optional(contact.phone), "email": .optional(contact.email), "photo": "no_photo",
      "company": companyJSON,
    ]
  }

  private func filledForm(_ draws: inout Draws) -> JSONTree {
    [
      "id": .number(draws.freshID()), "name": .string(contact.name), "mobile": .optional(contact.mobile),
      "phone": .optional(contact.phone), "email": .optional(contact.email), "widget": "2008",
      "company": companyJSON,
    ]
  }

  /// - Parameter answer: What the customer told the flow; nil when it has only begun.
  private func flow(at now: Timestamp, answer: String?) -> JSONTree {
    let words = contact.name.split(separator: " ").map(String.init)
    var context: [(key: String, value: JSONTree)] = [
      ("SYSTEM.TIME_HELLO", .string(now.huggyGreeting)), ("SYSTEM.CHAT_ID", .string(String(chatID))),
      ("SYSTEM.DEPARTMENT_NAME", ""), ("SYSTEM.DEPARTMENT_ORDER", ""),
      ("SYSTEM.CLIENT_NAME", .string(contact.name)),
      ("SYSTEM.CLIENT_FIRST_NAME", .string(words.first ?? "")),
      ("SYSTEM.CLIENT_SECOND_NAME", .string(words.dropFirst().first ?? "")),
      ("SYSTEM.CLIENT_NUMBER", .string(contact.mobile ?? "")), ("SYSTEM.COMPANY_NAME", "Teste"),
      ("SYSTEM.COMPANY_NUMBER", "9999999999"), ("SYSTEM.AGENT_NAME", ""), ("SYSTEM.AGENT_MAIL", ""),
      ("SYSTEM.AGENT_PHONE", ""),
    ]
    if let answer { context.append(("hash_fluxo.pergunta", .string(answer))) }
    return [
      "chatID": .number(chatID), "lastActionID": .number(flowID * 10 + (answer == nil ? 1 : 7)),
      "companyID": .string(company), "flowID": .number(flowID), "context": .object(context),
      "company": companyJSON,
    ]
  }
}
