using System.Text;
using System.Text.Unicode;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Endpoints;

/// <summary>The headers of a push as the framework gives them.</summary>
internal static class PushHeaderFields
{
    /// <summary>Takes what they say into a request, or what is wrong with them. The method must be there.</summary>
    public static void Take(IHeaderDictionary headers, ref PushRequest request)
    {
        if (TryTakeOnce(headers, ExpireHeader.Name, ref request, out byte[] expire))
        {
            ExpireHeader.Take(expire, ref request);
        }

        if (TryTakeOnce(headers, PushHeaders.Mode, ref request, out byte[] mode))
        {
            PushHeaders.TakeMode(mode, ref request);
        }

        if (TryTakeOnce(headers, PushHeaders.Id, ref request, out byte[] id))
        {
            PushHeaders.TakeId(id, new byte[PushHeaders.MaxName], ref request);
        }

        if (TryTakeOnce(headers, PushHeaders.Source, ref request, out byte[] source))
        {
            PushHeaders.TakeSource(source, new byte[PushHeaders.MaxName], ref request);
        }
    }

    // Two of one name would be read as a list, and as another name than either.
    private static bool TryTakeOnce(IHeaderDictionary headers, string name, ref PushRequest request, out byte[] value)
    {
        bool isThere = headers.TryGetValue(name, out StringValues values);
        if (values.Count > 1)
        {
            request.HeaderError ??= $"invalid {name} header: it is there {values.Count} times, expected once";
        }

        value = isThere && values.Count == 1 ? BytesOf(values) : [];
        return isThere && values.Count == 1;
    }

    // As they were sent. The framework has made a character of each byte, or, where the host has it so, read UTF-8.
    private static byte[] BytesOf(StringValues values)
    {
        string text = values.ToString();
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        return Utf8.IsValid(bytes) && text.AsSpan().IndexOfAnyExceptInRange('\0', '\u00FF') < 0 ? bytes : Encoding.UTF8.GetBytes(text);
    }
}
