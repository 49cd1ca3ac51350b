import RelayCore

/// A day of UTC. Events, deliveries, failures and envelopes stand in tables of their days, so that what is old goes with its table.
///
/// The day is in the id: of an event by the clock of the node that has made it, of a delivery (and of what is numbered like it) by the
/// server's.
struct Day: Hashable, Sendable {
  /// Since 1970-01-01.
  let number: Int64

  private static let microseconds: Int64 = 86_400_000_000
  /// How many numbers a day has. The first one begins at 0.
  static let numbers = microseconds << CommitBase.slotBits

  init(number: Int64) { self.number = number }

  /// - Parameter tick: Of the server's clock: `CommitBase`.
  init(tick: Int64) { number = (tick + CommitBase.firstTick) / Self.microseconds }

  init(of time: Timestamp) { number = time.microseconds / Self.microseconds }

  /// - Parameter number: A tick, and a slot.
  init(numbered number: Int64) { self.init(tick: number >> CommitBase.slotBits) }

  init(of delivery: DeliveryID) { self.init(numbered: delivery.rawValue) }

  init(of event: EventID) { number = event.milliseconds / (Self.microseconds / 1_000) }

  /// - Parameter name: As `name` gives it.
  init?(name: String) {
    guard name.count >= 8, name.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
      let digits = Int64(name)
    else { return nil }
    let (year, month, day) = (digits / 10_000, digits / 100 % 100, digits % 100)
    let march = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let yearOfEra = march % 400
    number = march / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    guard self.name == name else { return nil }
  }

  /// - Parameter name: Of a statement; it ends with the day's, where it is about one.
  init?(ofStatement name: String) {
    guard let place = name.lastIndex(of: "_") else { return nil }
    self.init(name: String(name[name.index(after: place)...]))
  }

  func advanced(by days: Int64) -> Day { Day(number: number + days) }

  /// Where its numbers begin: those of deliveries, and those in order of arrival.
  /// There are none above the highest, which is of the year 2097. Those of days before ticks begin would be below 0.
  var firstNumber: Int64 {
    let tick = number * Self.microseconds - CommitBase.firstTick
    let (first, overflow) = tick.multipliedReportingOverflow(by: 1 << CommitBase.slotBits)
    return overflow ? .max : first
  }

  /// There are no numbers any more that are of this day.
  var isBeyondNumbers: Bool { advanced(by: 1).firstNumber == .max }

  /// Where its events' ids begin, as SQL writes a UUID. What comes after the last day that an id can have begins at the last id.
  var firstEvent: String {
    let digits = String(number * Self.microseconds / 1_000, radix: 16)
    guard digits.count <= 12 else { return "ffffffff-ffff-ffff-ffff-ffffffffffff" }
    let padded = String(repeating: "0", count: 12 - digits.count) + digits
    return "\(padded.prefix(8))-\(padded.suffix(4))-0000-0000-000000000000"
  }

  /// As its tables are called: `20261130`.
  var name: String {
    let (year, month, day) = date
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return padded(year, 4) + padded(month, 2) + padded(day, 2)
  }

  /// Counted in years that begin in March, so that a leap day is the last of its year.
  private var date: (year: Int64, month: Int64, day: Int64) {
    let shifted = number + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let isNextYear: Int64 = month < 10 ? 0 : 1
    return (
      yearOfEra + era * 400 + isNextYear, month < 10 ? month + 3 : month - 9,
      dayOfYear - (153 * month + 2) / 5 + 1
    )
  }
}

extension Day: Comparable {
  static func < (a: Day, b: Day) -> Bool { a.number < b.number }
}
