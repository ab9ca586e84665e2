using System.Text.Json;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Engine.Reading;

namespace Exposition.Kestrel.Api;

/// <summary>Writes what a search has found.</summary>
internal sealed class FoundJson(Utf8JsonWriter json, TimeZoneInfo zone)
{
    /// <summary>A group; what there is nothing to say about is left out.</summary>
    public void Group(FoundGroup group)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, GroupCursor.IdOf(group.Key));
        Labels(group.Key);
        json.WriteStartArray("states"u8);
        foreach (string state in QueryKeys.NamesOf(group.States))
        {
            json.WriteStringValue(state);
        }

        json.WriteEndArray();
        json.WriteNumber("series"u8, group.Series);
        json.WriteNumber("bytes"u8, group.Bytes);
        Time("push_time", group.PushedAt);
        Time("push_failure_time", group.FailedAt);
        if (group.LastFailure is { } failure)
        {
            Failure(failure);
        }

        if (group.ExpiresAt > 0)
        {
            json.WriteString("expires_at"u8, GoTime.Nano(group.ExpiresAt, zone));
        }

        if (group.ExpiryRule is not null)
        {
            json.WriteString("expiry_rule"u8, group.ExpiryRule);
        }

        if (group.Memory is { } memory)
        {
            Memory(memory);
        }

        if (group.HiddenCount > 0)
        {
            json.WriteNumber("hidden_count"u8, group.HiddenCount);
            json.WriteStartObject("hidden_families"u8);
            foreach ((string name, string reason) in group.Hidden)
            {
                json.WriteString(name, reason);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private void Memory(MemoryView memory)
    {
        if (memory.Mode is { } mode)
        {
            json.WriteString("mode"u8, mode);
        }

        if (memory.SourceCount > 0)
        {
            json.WriteNumber("source_count"u8, memory.SourceCount);
            json.WriteStartObject("sources"u8);
            foreach ((string name, DateTimeOffset at) in memory.Sources)
            {
                Time(name, at);
            }

            json.WriteEndObject();
        }

        if (memory.IdCount > 0)
        {
            json.WriteNumber("id_count"u8, memory.IdCount);
            json.WriteStartObject("ids"u8);
            foreach ((string hash, DateTimeOffset at) in memory.Ids)
            {
                Time(hash, at);
            }

            json.WriteEndObject();
        }
    }

    /// <summary>A job.</summary>
    public void Job(FoundJob job)
    {
        json.WriteStartObject();
        json.WriteString("job"u8, job.Job);
        json.WriteNumber("groups"u8, job.Groups);
        json.WriteNumber("failed"u8, job.Failed);
        json.WriteNumber("series"u8, job.Series);
        json.WriteNumber("bytes"u8, job.Bytes);
        Time("newest_push", GroupCopies.TimeOf(job.NewestPush));
        Time("oldest_push", GroupCopies.TimeOf(job.OldestPush));
        json.WriteEndObject();
    }

    private void Labels(GroupingKey key)
    {
        json.WriteStartObject("labels"u8);
        foreach (GroupingLabel label in key.Labels)
        {
            json.WriteString(label.Name, label.Value);
        }

        json.WriteEndObject();
    }

    private void Failure(PushFailure failure)
    {
        json.WriteStartObject("last_failure"u8);
        json.WriteString("reason"u8, failure.Reason);
        if (failure.Sender is not null)
        {
            json.WriteString("remote_address"u8, failure.Sender);
        }

        json.WriteString("time"u8, GoTime.Nano(failure.At, zone));
        json.WriteEndObject();
    }

    private void Time(string name, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            json.WriteString(name, GoTime.Nano(at, zone));
        }
    }
}
