using System.Net;
using System.Text;
using Exposition.Engine;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Refusals;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.SelfMetrics;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Serving;

// The Pushgateway's messages at its levels where it has the event, because operators search for them; it says nothing about the others.

/// <summary>The lines about requests that were refused, and about those that were not.</summary>
internal static class RefusalLines
{
    private static readonly string[] s_methods = ["PUT", "POST", "DELETE"];

    /// <summary>Keeps a push or delete, if it was refused.</summary>
    public static void Note(this RefusalBook book, in PushRequest request, in Answer answer)
    {
        if (answer.Refusal != Refusal.None && request.Caller is { } caller)
        {
            book.Note(answer, caller, NameOf(request.Method), request.Route.Key);
        }
    }

    /// <summary>A push or delete was answered.</summary>
    public static void Answered(this ClientLog log, in PushRequest request, in Answer answer)
    {
        (LogLevel level, string message, string reason) = Describe(answer);
        log.Begin(level, message, reason)?
            .Add("method", NameOf(request.Method))
            .Add("logged_source", request.Sender)
            .Add("err", answer.Text)
            .Add("url", answer.Refusal == Refusal.Path ? request.Caller?.Target : null)
            .Add("group", request.Route.Key)
            .Add("path", answer.Limit != Limit.None ? request.Caller?.Target : null)
            .Add("status", answer.Status)
            .Write();
    }

    /// <summary>A PUT has replaced a group although the rules say something else of it.</summary>
    public static void PutAgainstRule(this ClientLog log, in PushRequest request, GroupingKey key, string mode) =>
        log.Begin(LogLevel.Warning, "a PUT has replaced a group for which a rule of modes says otherwise", mode)?
            .Add("logged_source", request.Sender)
            .Add("group", key)
            .Write();

    /// <summary>A limit has refused or ended something else than a push.</summary>
    public static void Limited(this ClientLog log, Limit limit, EndPoint? source, string? err = null, string? path = null) =>
        log.Begin(LogLevel.Warning, "refused by a limit", WireMetrics.NameOf(limit))?
            .Add("logged_source", source)
            .Add("err", err)
            .Add("path", path)
            .Write();

    /// <summary>A request was refused that is no push. What limits refuse, failed logins (401) and the rate limit (429) are
    /// warnings.</summary>
    public static void Refused(this ClientLog log, in Answer answer, Caller caller)
    {
        if (answer.Limit != Limit.None)
        {
            log.Limited(answer.Limit, caller.Peer, answer.Text, caller.Target);
            return;
        }

        string reason = answer.Rejected != Rejection.None ? WireMetrics.NameOf(answer.Rejected) : WireMetrics.NameOf(answer.Refusal);
        log.Begin(answer.Status is 401 or 429 ? LogLevel.Warning : LogLevel.Debug, "request refused", reason)?
            .Add("method", caller.Method)
            .Add("logged_source", caller.Peer)
            .Add("err", answer.Text)
            .Add("path", caller.Target)
            .Add("status", answer.Status)
            .Write();
    }

    /// <summary>A request was served that is no push.</summary>
    public static void Served(this ClientLog log, string what, Caller caller, int status) =>
        log.Begin(LogLevel.Debug, "request", what)?
            .Add("method", caller.Method)
            .Add("logged_source", caller.Peer)
            .Add("path", caller.Target)
            .Add("status", status)
            .Write();

    /// <summary>A family that was pushed is not in scrapes.</summary>
    public static void Hidden(this ClientLog log, GroupingKey group, HiddenFamily family) =>
        log.Begin(LogLevel.Warning, "family left out of scrapes", "hidden")?
            .Add("group", group)
            .Add("family", Encoding.UTF8.GetString(family.Name.Span))
            .Add("err", family.Reason)
            .Write();

    /// <summary>The engine has failed, over what a client has sent or not.</summary>
    public static void Failed(this ClientLog log, string message, Exception thrown) =>
        log.Begin(LogLevel.Error, message, thrown.GetType().Name)?.Add(thrown).Write();

    private static string NameOf(PushMethod method) => s_methods[(int)method];

    private static (LogLevel Level, string Message, string Reason) Describe(in Answer answer) =>
        answer.Limit != Limit.None ? (LogLevel.Warning, "push refused by a limit", WireMetrics.NameOf(answer.Limit))
        : answer.Rejected != Rejection.None ? (LogLevel.Debug, "push refused", WireMetrics.NameOf(answer.Rejected))
        : answer.Refusal switch
        {
            Refusal.None => (LogLevel.Debug, "push", answer.Status == 202 ? "accepted" : "stored"),
            Refusal.Inconsistent => (LogLevel.Error, "pushed metrics are invalid or inconsistent with existing metrics", "inconsistent"),
            Refusal.Malformed => (LogLevel.Debug, "failed to parse text", "malformed"),
            Refusal.Path => (LogLevel.Debug, PathMessage(answer.Text), "path"),
            var why => (LogLevel.Debug, "push refused", WireMetrics.NameOf(why)),
        };

    private static string PathMessage(string? error) =>
        error is null ? "failed to parse URL"
        : error.StartsWith("invalid base64 encoding in job name", StringComparison.Ordinal) ? "invalid base64 encoding in job name"
        : error.StartsWith("job name is required", StringComparison.Ordinal) ? "job name is required"
        : "failed to parse URL";
}
