/// What is kept of one step, of everybody: at the places that `SeriesNames` gives them.
struct SeriesSample: Sendable, Equatable {
  /// `SeriesStep.number`.
  var number: Int64
  var destinations: [DestinationSample]
  var sources: [SourceSample]
  /// How much of the store was in use at its end; nil: it did not answer.
  var storeBytes: Int?

  /// Both together, where this one comes first, and the names are the same.
  func followed(by next: SeriesSample) -> SeriesSample {
    SeriesSample(
      number: next.number,
      destinations: zip(destinations, next.destinations).map { $0.followed(by: $1) },
      sources: zip(sources, next.sources).map { $0.followed(by: $1) },
      storeBytes: next.storeBytes ?? storeBytes)
  }

  /// The same at other places. Who has none there is left out.
  func moved(from old: SeriesNames, to new: SeriesNames) -> SeriesSample {
    let (destinationPlaces, sourcePlaces) = (
      SeriesNames.places(old.destinations), SeriesNames.places(old.sources)
    )
    return SeriesSample(
      number: number,
      destinations: new.destinations.map { name in destinationPlaces[name].map { destinations[$0] } ?? .absent
      },
      sources: new.sources.map { name in sourcePlaces[name].map { sources[$0] } ?? .absent },
      storeBytes: storeBytes)
  }
}

/// The newest samples of one kind, each at the place of its number: what is older is written over.
struct SeriesRing: Sendable, Equatable {
  let step: SeriesStep
  private var slots: [SeriesSample?]

  init(_ step: SeriesStep) {
    self.step = step
    slots = Array(repeating: nil, count: step.kept)
  }

  /// Where a step's sample has its place.
  static func place(of number: Int64, _ step: SeriesStep) -> Int {
    Int(number.flooredDivision(by: Int64(step.kept)).remainder)
  }

  /// nil: there is none; it may have been written over.
  subscript(number: Int64) -> SeriesSample? {
    slots[Self.place(of: number, step)].flatMap { $0.number == number ? $0 : nil }
  }

  mutating func put(_ sample: SeriesSample) { slots[Self.place(of: sample.number, step)] = sample }

  /// In no order.
  var samples: [SeriesSample] { slots.compactMap { $0 } }

  /// Lets go of what a step that is over can't be.
  mutating func forget(from number: Int64) {
    for place in slots.indices where (slots[place]?.number ?? .min) >= number { slots[place] = nil }
  }

  mutating func move(from old: SeriesNames, to new: SeriesNames) {
    for place in slots.indices { slots[place] = slots[place]?.moved(from: old, to: new) }
  }
}
