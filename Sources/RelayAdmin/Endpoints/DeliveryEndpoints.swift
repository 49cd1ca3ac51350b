import RelayCore
import RelayPipeline

/// Deliveries: which there are, and what a person does to them.
enum DeliveryEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/deliveries", "Deliveries, newest first.", role: .viewer, audit: .readingIfKept,
      problems: [.notFound("There is no such destination or type.")], deliveries),
    .get(
      "/api/v1/deliveries/groups",
      "How many deliveries there are of each kind: by destination, type, state, reason and last answer. A page may count a part of "
        + "them, and then has a `next`: the groups of its pages are added up.",
      role: .viewer, problems: [.notFound("There is no such destination or type.")], groups),
    .post(
      "/api/v1/deliveries/retry", "Make deliveries pending again, with their limits anew.", role: .operator,
      audit: .change, replies: changeReplies, problems: changeProblems
    ) { try await change(.retry, $0) },
    .post(
      "/api/v1/deliveries/discard", "Give deliveries up: they are not attempted again.", role: .operator,
      audit: .change, replies: changeReplies, problems: changeProblems
    ) { try await change(.discard, $0) },
  ]

  private static let changeReplies: [Endpoint.Reply] = [
    .init(record: ChangedAnswer.self), .init(record: DryRunAnswer.self),
  ]
  private static let changeProblems = [
    Endpoint.Problem.notFound("There is no such delivery, event, destination or type: nothing was changed."),
    .init(409, "unexpected_count", "They are more or fewer than `expected`: nothing was changed."),
  ]

  private static func deliveries(_ call: Call<DeliveriesInput>) async throws -> DeliveriesAnswer {
    let input = call.input
    var filter = try input.filter.filter(now: call.now)
    filter.state = input.state
    let search = try input.search(filter)
    let page = try await call.relay.deliveries(
      search, after: try input.page.cursor().map { DeliveryID(rawValue: $0) }, limit: input.page.size)
    return DeliveriesAnswer(page, withAnswers: input.wantsContents)
  }

  private static func groups(_ call: Call<DeliveryGroupsInput>) async throws -> DeliveryGroupsAnswer {
    var filter = try call.input.filter.filter(now: call.now)
    filter.state = call.input.state
    let after = try PageInput.cursor(call.input.after).map { DeliveryID(rawValue: $0) }
    return DeliveryGroupsAnswer(try await call.relay.groups(filter, after: after))
  }

  private static func change(
    _ verb: ChangeVerb, _ call: Call<SelectionInput>
  ) async throws -> AdminResponse {
    let request = try ChangeRequest(call.input, for: verb, now: call.now)
    let (selections, ofErasedEvents) = try await selections(request, call.relay)
    var erased = verb == .retry ? ofErasedEvents : 0
    if request.isDryRun || request.expected != nil {
      var counts = DeliveryCounts()
      counts.erased = erased
      for selection in selections { counts.add(try await call.relay.count(verb, selection)) }
      if request.isDryRun { return try .json(DryRunAnswer(counts), for: call.caller) }
      if let expected = request.expected, expected != counts.total {
        throw APIError.unexpectedCount(.init(expected: expected, found: counts.total))
      }
    }
    var changed = 0
    for selection in selections {
      switch verb {
      case .retry:
        let outcome = try await call.relay.retry(selection)
        changed += outcome.changed
        erased += outcome.erased
      case .discard: changed += try await call.relay.discard(selection)
      }
    }
    return try .json(ChangedAnswer(changed: changed, erased: erased), for: call.caller)
  }

  /// - Returns: What is meant, and how many deliveries the events have that are named and erased: none of them is dead.
  private static func selections(
    _ request: ChangeRequest, _ relay: any RelayOperations
  ) async throws -> (selections: [DeliverySelection], erased: Int) {
    switch request.selection {
    case .filters(let filters): return (filters.map { .filter($0) }, 0)
    case .ids(var ids, let events):
      var erased = 0
      for event in events {
        let report = try await EventEndpoints.report(of: event, relay)
        let deliveries = report.deliveries.map(\.record)
        if report.event.erasedAt != nil { erased += deliveries.count { !ids.contains($0.id) } }
        ids += deliveries.filter { $0.state == .dead && !ids.contains($0.id) }.map(\.id)
      }
      return (ids.isEmpty ? [] : [.ids(ids)], erased)
    }
  }
}
