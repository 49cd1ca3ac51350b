import RelayCore
import RelayText

extension ConfigNode {
  /// `quiet_after`: a duration alone (at all hours), or a mapping with the hours.
  func quietAfter() -> QuietRule? {
    let bounds = Duration.seconds(1) ... .longestText
    return ifMapping {
      $0.quietAfterInHours(bounds)
    } else: {
      $0.duration(bounds).map { QuietRule(limit: $0) }
    }
  }

  private func quietAfterInHours(_ bounds: ClosedRange<Duration>) -> QuietRule? {
    guard var section = section() else { return nil }
    let limit = section.take("for", isRequired: true)
    let weekdays = section.take("weekdays")
    let times = section.take("times")
    let location = section.take("location")
    let daysOff = section.take("except")
    section.finish()
    let duration = limit?.duration(bounds)
    var hours = ServiceHours()
    if let weekdays { hours.weekdays = weekdays.weekdays() ?? hours.weekdays }
    if let times { hours.spans = times.spans() ?? hours.spans }
    if let location { hours.zone = location.timeZone() ?? hours.zone }
    if let daysOff { hours.daysOff = Set(daysOff.days()) }
    guard let limit else {
      error("for is missing; write { for: 30m, … }, or 30m alone for all hours")
      return nil
    }
    let isAlways = weekdays == nil && times == nil && daysOff == nil
    if isAlways {
      location?.warning("says nothing without weekdays, times or except; remove it, or add the hours")
    } else if location == nil {
      warning("the hours are UTC's; name the time zone they are meant in with location: America/Sao_Paulo")
    }
    guard let duration else { return nil }
    if let longest = hours.longest, duration > longest, duration != .unresolved {
      limit.error(
        "is longer than the hours ever last without a break (\(longest.text)), and each beginning of them counts anew: "
          + "nothing would ever be silent; shorten it, or lengthen the hours")
    }
    return QuietRule(limit: duration, hours: isAlways ? nil : hours)
  }

  /// nil: a fault.
  private func weekdays() -> [ServiceHours.Weekday]? {
    let expected = "a weekday, a range such as mon-fri, or a list of them"
    guard let items = items(expected, emptyFault: "an empty list is no day; remove the key for every day")
    else { return nil }
    let day = "(?:\(ServiceHours.Weekday.allCases.map(\.word).joined(separator: "|")))"
    let found = items.map { item in
      item.value(expected, form: .pattern("^\(day)(?:-\(day))?$"), placeholder: ServiceHours.Weekday.allCases)
      {
        text throws(Fault) in try ServiceHours.Weekday.days(text)
      }
    }
    guard !found.contains(where: { $0 == nil }) else { return nil }
    let days = Set(found.flatMap { $0 ?? [] })
    return ServiceHours.Weekday.allCases.filter(days.contains)
  }

  /// nil: a fault.
  private func spans() -> [ServiceHours.Span]? {
    let expected = "a time of day such as \"08:00-18:00\", or a list of them"
    guard let items = items(expected, emptyFault: "an empty list is no time; remove the key for all day")
    else {
      return nil
    }
    let time = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
    let form = ScalarForm.pattern("^\(time)-(?:\(time)|24:00)$")
    var found: [(span: ServiceHours.Span?, node: ConfigNode)] = []
    for item in items {
      let span = item.value(expected, form: form, placeholder: Optional<ServiceHours.Span>.none) {
        text throws(Fault) in try ServiceHours.Span(configurationText: text)
      }
      guard let span else { return nil }
      found.append((span, item))
    }
    // What is not resolved is in nobody's way.
    let known = found.compactMap { found in found.span.map { (span: $0, node: found.node) } }
    for (place, one) in known.enumerated() {
      if let other = known[..<place].first(where: { $0.span.overlaps(one.span) }) {
        one.node.error("is in part the same time as \(other.span.text); write each once")
        return nil
      }
    }
    return known.isEmpty ? [.day] : known.map(\.span).sorted { $0.begin < $1.begin }
  }

  private func days() -> [ServiceHours.Day] {
    let expected = "a day such as \"2026-12-25\", or a list of them"
    guard let items = items(expected, emptyFault: nil) else { return [] }
    let form = ScalarForm.pattern("^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$")
    return items.compactMap { item in
      item.value(expected, form: form, placeholder: Optional<ServiceHours.Day>.none) { text throws(Fault) in
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Units.integer(String($0)) }
        guard parts.map(\.count) == [4, 2, 2], numbers.count == 3 else {
          throw Fault("is not a day; write it as year, month and day: \"2026-12-25\"")
        }
        guard let day = ServiceHours.Day(year: numbers[0], month: numbers[1], day: numbers[2]) else {
          throw Fault("is no day of the calendar")
        }
        return day
      } ?? nil
    }
  }

  private func timeZone() -> TimeZoneRules? {
    let part = "[A-Za-z][A-Za-z0-9_+-]*"
    let zones = SystemTimeZones(environment: reading.references.environment)
    return value(
      "a time zone such as America/Sao_Paulo", form: .pattern("^\(part)(?:/\(part))*$"),
      placeholder: .utc
    ) { text throws(Fault) in
      guard TimeZoneRules.isName(text) else {
        throw Fault("is not a time zone's name; write one such as America/Sao_Paulo")
      }
      guard reading.references.resolves else { return TimeZoneRules(unread: text) }
      return try zones.zone(text)
    }
  }
}

extension ServiceHours.Weekday {
  /// `mon`, or a range, which may go over the week's end: `sat-mon`.
  fileprivate static func days(_ text: String) throws(Fault) -> [ServiceHours.Weekday] {
    let days = text.split(separator: "-", omittingEmptySubsequences: false).map { word in
      allCases.first { $0.word == word }
    }
    guard days.count <= 2, let first = days[0], let last = days[days.count - 1] else {
      let words = allCases.map(\.word).joined(separator: ", ")
      throw Fault("is not a weekday; write \(words), or a range such as mon-fri")
    }
    let count = (last.rawValue - first.rawValue + 7) % 7 + 1
    return (0..<count).map { allCases[(first.rawValue + $0) % 7] }
  }
}

extension ServiceHours.Span {
  fileprivate init(configurationText text: String) throws(Fault) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Self.minutes($0) }
    guard parts.count == 2, let begin = parts[0], let end = parts[1], begin < 1_440 else {
      throw Fault("is not a time of day; write it as \"08:00-18:00\"")
    }
    guard begin != end else { throw Fault("has no length; write \"00:00-24:00\" for the whole day") }
    self.init(begin: begin, end: end)
  }

  /// `HH:MM`, up to 24:00.
  private static func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [2, 2], let hour = Units.integer(String(parts[0])),
      let minute = Units.integer(String(parts[1])), minute < 60, hour * 60 + minute <= 1_440
    else { return nil }
    return hour * 60 + minute
  }

  /// Whether the two have a minute in common; one that goes over midnight meets the next day's beginning.
  fileprivate func overlaps(_ other: ServiceHours.Span) -> Bool {
    minutes.contains { mine in other.minutes.contains { mine.overlaps($0) } }
  }

  private var minutes: [Range<Int>] {
    end > begin ? [begin..<end] : [begin..<1_440, 0..<end].filter { !$0.isEmpty }
  }
}
