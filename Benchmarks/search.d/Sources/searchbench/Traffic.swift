import Foundation
import RelayCore

/// Events like Huggy's, with bodies of 300 to 1,200 bytes: some forty to a conversation, which lives on while 20,000 others
/// come. Of 1,000 events 200 are unrouted, 200 dropped, and the others go to one destination each, of which five are pending, five
/// dead, and five over their destination's `max_backlog`.
struct Traffic {
  static let types = [
    "receivedMessage", "receivedAllMessage", "sendedAllMessage", "createdChat", "closedChat", "agentEntered",
    "startedAutomationFlow", "finishedAutomationFlow", "createdCustomer", "startedWidgetAttendance",
    "chatPutInQueue",
    "enteredChat",
  ]
  static let channels = ["whatsapp", "widget", "telegram", "instagram", "facebook", "email"]
  static let companies = 300
  /// Nothing that is sent there is settled; all of it dies; all of it is over the limit.
  static let pending = "slow", dead = "broken", overflowed = "full"
  static let working = ["crm", "bi", "audit"]
  static let destinations = working + [pending, dead, overflowed]
  static let configuration = "c1"
  private static let eventsToAChat = 40
  private static let openChats = 500

  private static let text = Array(
    #"Ol\u00e1, tudo bem? Quero saber do meu pedido, a entrega n\u00e3o chegou ainda e o boleto j\u00e1 foi pago na semana passada, por favor verifique com a transportadora e me diga a previs\u00e3o. "#
      .utf8)

  private var random: SplitMix64
  private var nextLow: UInt64
  /// Events that have been made.
  private(set) var count: Int

  /// - Parameter count: Of events that there are already.
  init(after count: Int) {
    self.count = count
    random = SplitMix64(state: UInt64(count))
    nextLow = 0x8000_0000_0000_0000 | UInt64.random(in: 0..<1 << 20) << 36
  }

  static func company(_ number: Int) -> String { "\(15_000 + number)" }

  static func chat(_ number: Int) -> String { "\(2_810_096_000_000_000 + number)" }

  /// How many conversations so many events have begun.
  static func chats(in events: Int) -> Int { max(1, events / eventsToAChat) }

  static func mobile(of event: Int) -> String { "5575\(900_000_000 + event)" }

  mutating func envelope(of size: Int, at now: Timestamp) -> NewEnvelope {
    let context = EnvelopeContext(source: "huggy", receivedAt: now, time: nil, token: nil)
    let first = EventID(high: UInt64(now.milliseconds) << 16 | 0x7000, low: nextLow)
    nextLow += UInt64(size)
    let events = (0..<size).map { place in event(first.advanced(by: place), context) }
    return NewEnvelope(
      context: context, configuration: Self.configuration, firstEventID: first, acceptedCount: size,
      fingerprint: nil,
      events: events)
  }

  private mutating func event(_ id: EventID, _ context: EnvelopeContext) -> NewEnvelope.NewEvent {
    count += 1
    let type = Self.types.randomElement(using: &random)!
    let chat = max(0, count / Self.eventsToAChat - Int.random(in: 0..<Self.openChats, using: &random))
    let event = Event(
      id: id, envelope: context, type: type, rawType: Array(type.utf8),
      company: Self.company(Int.random(in: 0..<Self.companies, using: &random)),
      channel: Self.channels.randomElement(using: &random)!, chat: Self.chat(chat), body: body())
    let (routes, isDropped, destination): ([String], Bool, String?) =
      switch Int.random(in: 0..<1_000, using: &random) {
      case ..<200: ([], false, nil)
      case ..<400: (["all"], true, nil)
      case ..<985: (["all"], false, Self.working.randomElement(using: &random)!)
      case ..<990: (["all"], false, Self.pending)
      case ..<995: (["all"], false, Self.dead)
      default: (["all"], false, Self.overflowed)
      }
    return NewEnvelope.NewEvent(
      event: event, routes: routes, isDropped: isDropped,
      deliveries: destination.map { [.init(destination: $0, route: "all")] } ?? [])
  }

  private mutating func body() -> [UInt8] {
    var body = Array(
      #"{"id":\#(count),"customer":{"mobile":"\#(Self.mobile(of: count))","name":"Cliente \#(count % 5_000)"},"is_internal":false,"receiverType":"agent","send_at":"2026-11-29 10:00:00","sender":{"name":"Jo\u00e3o da Silva","photo":"https:\/\/example.com\/p.png"},"chat":{"situation":"in_chat","closed_at":null},"body":""#
        .utf8)
    let size = Int.random(in: max(300, body.count + 2)...1_200, using: &random)
    while body.count + 2 + Self.text.count <= size { body += Self.text }
    while body.count + 2 < size { body.append(UInt8(ascii: "x")) }
    body += Array(#""}"#.utf8)
    return body
  }

  /// What comes of the attempt at a delivery; nil: it stays pending.
  static func settlement(of delivery: Delivery, at now: Timestamp) -> Settlement? {
    guard delivery.destination != pending else { return nil }
    let isDead = delivery.destination == dead
    return Settlement(
      delivery: delivery.id, attempts: 1,
      attempt: AttemptResult(
        startedAt: now, duration: .milliseconds(7),
        response: .status(isDead ? 422 : 200, body: [], retryAfter: nil)),
      outcome: isDead ? .dead(.permanent) : .delivered)
  }
}

/// The same numbers each time.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
