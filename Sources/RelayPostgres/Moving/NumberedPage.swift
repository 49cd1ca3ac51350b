import RelayCore
import RelayStoring

/// A page of what has arrived, with the numbers that it gets here, and where each row goes. A pure value.
struct NumberedPage {
  struct EventRow {
    var number: Int64
    /// nil: it has none, or they come with a later page.
    var firstDelivery: Int64?
    var isKept: Bool
    var event: MovedEvent
  }

  struct DeliveryRow {
    var id: Int64
    var isKept: Bool
    var delivery: MovedDelivery
  }

  private(set) var events: [EventRow] = []
  private(set) var deliveries: [DeliveryRow] = []
  /// Events of earlier pages whose first delivery is on this one: they were routed anew.
  private(set) var firsts: [(event: EventID, delivery: Int64)] = []
  /// The days whose tables it needs.
  private(set) var days: Set<Day> = []
  /// Places of this page's events.
  private var places: [EventID: Int] = [:]
  private let firstDay: Day
  /// All rows are of this node.
  static let slot: Int16 = 0

  /// - Parameter firstDay: What is of an earlier day is kept without a day.
  init(_ page: ArrivalPage, _ numbering: inout MoveNumbering, from firstDay: Day) {
    self.firstDay = firstDay
    for arrival in page.arrivals {
      switch arrival {
      case .event(let event): add(event, tick: numbering.takeEvent(event.receivedAt))
      case .delivery(let delivery, let isFirst):
        add(delivery, isFirst: isFirst, tick: numbering.takeDelivery(delivery.cameAt))
      }
    }
  }

  private mutating func add(_ event: MovedEvent, tick: Int64) {
    // Its own day is the one in its id; its deliveries' is the one of the tick.
    let day = Day(of: event.id)
    let isKept = min(day, Day(tick: tick)) < firstDay
    if !isKept { days.insert(day) }
    places[event.id] = events.count
    events.append(
      EventRow(number: CommitBase.number(tick, slot: Self.slot), isKept: isKept, event: event))
  }

  private mutating func add(_ delivery: MovedDelivery, isFirst: Bool, tick: Int64) {
    let id = CommitBase.number(tick, slot: Self.slot)
    let place = places[delivery.event]
    // What came with an event goes with it.
    let isKept =
      delivery.arrivedAt == nil
      ? place.map { events[$0].isKept } ?? (Day(tick: tick) < firstDay) : Day(tick: tick) < firstDay
    if !isKept { days.insert(Day(tick: tick)) }
    deliveries.append(DeliveryRow(id: id, isKept: isKept, delivery: delivery))
    guard isFirst else { return }
    if let place { events[place].firstDelivery = id } else { firsts.append((delivery.event, id)) }
  }
}
