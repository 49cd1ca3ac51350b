import RelayCore
import RelayPipeline
import RelayText

/// `POST /api/v1/sources/{source}/token`: one of the three.
package struct TokenInput: Input {
  @Field(
    "Answer handshakes for so long, from 1s to 24h: `15m`. Their tokens become candidates.", .form(.duration))
  package var learnFor: String?
  @Field("Believe the candidate with this id from now on.") package var confirm: String?
  @Field("true: forget what was learned, and believe nobody.") package var forget: Bool?

  package init() {}
}

extension TokenInput {
  enum Wish: Equatable {
    case learn(Duration)
    case confirm(String)
    case forget
  }

  package static let longestWindow = Duration.seconds(86_400)

  /// - Throws: 400.
  func wish() throws(APIError) -> Wish {
    let wishes: [Wish?] = [
      try learnFor.map(Self.learning), confirm.map { .confirm($0) }, forget == true ? .forget : nil,
    ]
    let given = wishes.compactMap(\.self)
    guard given.count == 1 else {
      throw .invalidRequest(#"say one of {"learn_for":"15m"}, {"confirm":ID} and {"forget":true}"#)
    }
    return given[0]
  }

  private static func learning(_ text: String) throws(APIError) -> Wish {
    guard let duration = Duration(text: text), duration >= .seconds(1), duration <= longestWindow else {
      throw .invalidRequest(
        "'learn_for' is '\(text.prefix(100))'; write a duration from 1s to 24h, such as 15m")
    }
    return .learn(duration)
  }
}

/// `POST /api/v1/sources/{source}/publish`.
package struct PublishInput: Input {
  @Field(
    "The envelope's JSON text, as a string: its bytes are kept as they are. What token it holds is no matter.",
    .contents)
  package var envelope: String
  @Field("Store it also where its bytes are known already.") package var again: Bool?

  package init() {}
}

/// `POST /api/v1/destinations/{destination}/test`: an envelope, a lone event with its type, or a type alone.
package struct TestInput: Input {
  @Field("An envelope's JSON text, as a string.", .contents) package var envelope: String?
  @Field("Which of its events, from 1; the first without it.", .range(1...10_000)) package var number: Int?
  @Field("A lone event's JSON text, as a string; `type` says what it is.", .contents) package var event:
    String?
  @Field("The event's type. Alone: an event of this documented type is made up.") package var type: String?

  package init() {}
}

extension TestInput {
  /// - Throws: 400.
  func sample() throws(APIError) -> TestSample {
    switch (envelope, event, type) {
    case (let envelope?, nil, nil): return .envelope(Array(envelope.utf8), event: number ?? 1)
    case (nil, let event?, let type?) where number == nil: return .event(Array(event.utf8), type: type)
    case (nil, nil, let type?) where number == nil: return .madeUp(type: type)
    default:
      throw .invalidRequest(
        #"say one of {"envelope":TEXT,"number":1}, {"event":TEXT,"type":TYPE} and {"type":TYPE}"#)
    }
  }
}
