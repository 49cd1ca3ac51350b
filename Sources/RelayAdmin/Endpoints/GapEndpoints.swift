import RelayCore
import RelayPipeline

/// When senders were turned away.
enum GapEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/gaps", "When the relay was down, or refused envelopes: what was sent then may be lost.",
      role: .viewer
    ) { (call: Call<GapsInput>) in
      GapsAnswer(
        try await call.relay.gaps(
          since: try TimeInput.read("since", call.input.since, now: call.now),
          until: try TimeInput.read("until", call.input.until, now: call.now)))
    }
  ]
}
