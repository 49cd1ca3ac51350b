import RelayCore

/// One message of a chat, as received… and sendedAllMessage carry it.
struct Message: Sendable {
  enum Voice: Sendable {
    case customer, agent, agentToAgents, bot
  }

  let json: JSONTree

  init(
    _ voice: Voice, _ phrases: [String], in story: ChatStory, _ situation: StoryStep.Situation,
    at now: Timestamp,
    _ draws: inout Draws
  ) {
    let id = draws.freshID()
    // Now and then a customer sends a picture without a word.
    let isPicture = voice == .customer && draws.oneIn(15)
    let ends = Self.ends(voice, story, situation)
    json = [
      "id": .string(String(id)),
      "body": .string(isPicture ? "" : draws.pick(phrases)),
      "is_internal": .bool(voice == .agentToAgents),
      "is_email": .bool(story.channel == "email"),
      "sender": ends.sender,
      "senderType": .string(ends.senderType),
      "receiver": ends.receiver,
      "receiverType": .string(ends.receiverType),
      "file": isPicture ? .string("https://c.pzw.io/files/foto-\(id).jpg") : nil,
      // Where it was written: an agent's own messages say "agent", whatever the chat's channel.
      "channel": voice == .customer ? story.channelJSON : .string(ends.senderType),
      "customer": story.contact.json,
      "chat": story.chatJSON(situation),
      "send_at": .string(now.huggyLocalTime),
      "read_at": nil,
      "company": story.companyJSON,
    ]
  }

  private static func ends(
    _ voice: Voice, _ story: ChatStory, _ situation: StoryStep.Situation
  ) -> (sender: JSONTree, senderType: String, receiver: JSONTree, receiverType: String) {
    switch voice {
    case .customer:
      // Nobody receives it while the chat is automatic or queued.
      let hasReceiver = situation == .inChat || situation == .finishing
      return (story.contact.json, story.channel, hasReceiver ? story.agent.json : false, "agent")
    case .agent: return (story.agent.json, "agent", story.contact.json, story.channel)
    case .agentToAgents: return (story.agent.json, "agent", false, "agent")
    case .bot: return (HuggyPerson.bot.json, "bot", story.contact.json, story.channel)
    }
  }
}

extension Timestamp {
  /// Huggy's `send_at` and `closed_at`: `2019-07-11 18:04:39`, three hours behind UTC.
  var huggyLocalTime: String {
    let text = inBrasilia.description
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
  }

  /// What a flow says first.
  var huggyGreeting: String {
    switch Int(inBrasilia.description.dropFirst(11).prefix(2)) ?? 0 {
    case 5..<12: "bom dia"
    case 12..<18: "boa tarde"
    default: "boa noite"
    }
  }

  private var inBrasilia: Timestamp { advanced(by: .seconds(-3 * 3600)) }
}
