import RelayCore

extension ReadRoute {
  /// Warns of documented types that the route asks for and can never match.
  func warnAboutImpossibleConditions(in reading: Reading) {
    guard let events = route.match.events else {
      return warn(about: DocumentedEvents.all, askedFor: "no documented event has", in: reading)
    }
    for (pattern, event) in zip(events, match.events) {
      let types = DocumentedEvents.all.filter { pattern.matches($0.name) }
      if pattern.literal != nil {
        for type in types {
          guard let condition = route.match.impossibleCondition(for: type) else { continue }
          let message = "\(type.name) events have no \(condition.missing): this route can never match them"
          reading.report(message, at: self.place(of: condition, or: event.place), severity: .warning)
        }
      } else {
        let asked = "no documented event that \(event.shown) matches has"
        warn(about: types, askedFor: asked, in: reading)
      }
    }
  }

  /// Warns if none of the types could ever match.
  private func warn(about types: [DocumentedEvents.EventType], askedFor asked: String, in reading: Reading) {
    let conditions = types.map { route.match.impossibleCondition(for: $0) }
    guard let first = conditions.first, let first, !conditions.contains(nil) else { return }
    let place = place(of: first, or: place)
    if conditions.allSatisfy({ $0 == first }) {
      reading.report(
        "\(asked) \(first.missing): this route can never match one", at: place, severity: .warning)
    } else {
      let list = zip(types, conditions).map { "\($0.name) no \($1?.missing ?? "")" }.joined(separator: ", ")
      reading.report(
        "no documented event can meet all conditions (\(list)): this route can never match one", at: place,
        severity: .warning)
    }
  }

  private func place(of condition: ImpossibleCondition, or other: Place) -> Place {
    switch condition.subject {
    case .field(let index): match.fields.indices.contains(index) ? match.fields[index] : other
    case .channel: match.channel ?? other
    }
  }
}
