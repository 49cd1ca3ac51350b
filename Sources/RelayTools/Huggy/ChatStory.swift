/// One chat on its way through a scenario.
struct ChatStory: Sendable {
  let scenario: Scenario
  let chatID: Int
  /// A company's id, which Huggy writes as a string.
  let company: String
  /// The channel's own name; see `channelJSON`.
  let channel: String
  let contact: HuggyPerson
  let agent: HuggyPerson
  /// A number; nil is written `false`.
  let department: Int?
  let flowID: Int
  let spelling: JSONTree.Spelling
  private let writesChannelAsObject: Bool
  /// How many envelopes have been told.
  private(set) var step = 0

  // What stands twice is drawn twice as often.
  private static let companies = ["15691", "15691", "6618", "9999", "11721"]
  private static let channels = [
    "widget", "widget", "whatsapp", "whatsapp", "whatsapp-enterprise", "email", "facebook", "telegram",
    "instagram",
  ]

  init(_ scenario: Scenario, _ draws: inout Draws) {
    self.scenario = scenario
    chatID = draws.freshID()
    company = draws.pick(Self.companies)
    let isWidget = scenario == .widgetAttendance
    channel = isWidget ? "widget" : draws.pick(Self.channels)
    contact = .contact(isAnonymous: channel == "widget" && !isWidget && draws.oneIn(2), &draws)
    agent = draws.pick(HuggyPerson.agents)
    department = draws.oneIn(2) ? nil : draws.pick([11_445, 11_446, 2_031])
    flowID = draws.pick([70_312, 70_313, 81_900])
    spelling = draws.oneIn(2) ? .php : .plain
    writesChannelAsObject = draws.oneIn(6)
  }

  var isOver: Bool { step >= scenario.steps.count }

  mutating func nextStep() -> StoryStep {
    defer { step += 1 }
    return scenario.steps[step]
  }

  /// Usually the name; in some accounts an object that holds it.
  var channelJSON: JSONTree {
    guard writesChannelAsObject else { return .string(channel) }
    return ["name": .string("Canal \(channel) – principal"), "source": .string(channel)]
  }

  var companyJSON: JSONTree { ["id": .string(company)] }

  var departmentJSON: JSONTree { department.map { .number($0) } ?? false }

  /// Older accounts' messages don't repeat the customer within the chat, and one writes the chat's id as a
  /// string.
  func chatJSON(_ situation: StoryStep.Situation) -> JSONTree {
    var members: [(key: String, value: JSONTree)] = [
      ("id", company == "11721" ? .string(String(chatID)) : .number(chatID)), ("channel", channelJSON),
      ("situation", .string(situation.rawValue)), ("department", departmentJSON),
    ]
    if company == "15691" || company == "11721" { members.append(("customer", contact.json)) }
    return .object(members)
  }
}
