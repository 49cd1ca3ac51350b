import RelayCore
import RelayPipeline

/// `GET /api/v1/series`.
package struct SeriesInput: Input {
  @Field(
    "How far apart the samples are: `10s`, kept for an hour, or `5m`, kept for a week; `10s` without it.",
    .form(.words(SeriesStep.allCases.map(\.rawValue))))
  package var step: String?
  @Field("Steps from this time on, or from so long ago: `15m`. Without it: all that are kept.", .form(.time))
  package var since: String?
  @Field("Steps before this time.", .form(.time)) package var until: String?
  @Field("These destinations alone; sources and the store come all the same.") package var destination:
    TextList

  package init() {}
}

extension SeriesInput {
  func request(now: Timestamp) throws(APIError) -> SeriesRequest {
    var request = SeriesRequest()
    if let step {
      guard let known = SeriesStep(rawValue: step) else {
        throw .invalidRequest("'step' is '\(step.prefix(100))'; write 10s or 5m")
      }
      request.step = known
    }
    request.since = try TimeInput.read("since", since, now: now)
    request.until = try TimeInput.read("until", until, now: now)
    if let since = request.since, let until = request.until, since >= until {
      throw .invalidRequest("'since' (\(since)) is not before 'until' (\(until)): nothing lies between")
    }
    if !destination.texts.isEmpty { request.destinations = destination.texts }
    return request
  }
}
