using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Routing;

// The Pushgateway's router has a tree per method. Here a route is a method with a literal path, which in the open kinds goes on with
// anything. Lookup order for a request, as there: exact route; for GET 301 (others 307) to the same path with or without its last slash,
// then to the cleaned path in another case; OPTIONS with the allowed methods; 405; 404.

/// <summary>What may follow a route's literal path.</summary>
internal enum RouteTail
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Anything, also nothing.</summary>
    Any,

    /// <summary>A job that is not empty, and anything after it.</summary>
    Job,
}

/// <summary>A route.</summary>
/// <param name="Method">The method, in upper case.</param>
/// <param name="Path">The literal path; a slash at its end if something follows.</param>
/// <param name="Tail">What may follow.</param>
/// <param name="Handler">Whom it leads to.</param>
internal sealed record Route<T>(string Method, string Path, RouteTail Tail, T Handler)
{
    /// <summary>Whether a path is this route's.</summary>
    public bool Matches(string path, StringComparison comparison = StringComparison.Ordinal) => Tail switch
    {
        RouteTail.None => path.Equals(Path, comparison),
        RouteTail.Any => path.StartsWith(Path, comparison),
        _ => path.Length > Path.Length && path[Path.Length] != '/' && path.StartsWith(Path, comparison),
    };
}

/// <summary>Where a request goes.</summary>
/// <param name="Route">The route, if there is one.</param>
/// <param name="Redirect">The path to redirect to, if not null.</param>
/// <param name="Allow">The allowed methods, if the path is known under another method; else null.</param>
/// <param name="Status">The status of a redirect.</param>
internal readonly record struct RouteMatch<T>(Route<T>? Route, string? Redirect = null, string? Allow = null, int Status = 0);

/// <summary>Finds routes by the Pushgateway's rules.</summary>
internal sealed class RouteTable<T>(IReadOnlyList<Route<T>> routes)
{
    /// <summary>All routes.</summary>
    public IReadOnlyList<Route<T>> All => routes;

    /// <summary>
    /// The first pair of routes that claim one method and path, or null. Between those that lead to different handlers case does not count:
    /// the framework's endpoints, which may stand behind them, are found in any.
    /// </summary>
    public (Route<T> First, Route<T> Second)? Conflict()
    {
        for (int i = 0; i < routes.Count; i++)
        {
            for (int j = i + 1; j < routes.Count; j++)
            {
                (Route<T> first, Route<T> second) = (routes[i], routes[j]);
                StringComparison comparison = EqualityComparer<T>.Default.Equals(first.Handler, second.Handler)
                    ? StringComparison.Ordinal
                    : StringComparison.OrdinalIgnoreCase;
                if (first.Method == second.Method && (first.Matches(second.Path, comparison) || second.Matches(first.Path, comparison)))
                {
                    return (first, second);
                }
            }
        }

        return null;
    }

    /// <summary>Looks a decoded path up.</summary>
    public RouteMatch<T> Find(string method, string path)
    {
        Route<T>[] ofMethod = [.. routes.Where(route => route.Method == method)];
        if (Array.Find(ofMethod, route => route.Matches(path)) is { } exact)
        {
            return new RouteMatch<T>(exact);
        }

        if (path != "/" && Redirect(ofMethod, path) is { } redirect)
        {
            int status = method == HttpMethods.Get ? StatusCodes.Status301MovedPermanently : StatusCodes.Status307TemporaryRedirect;
            return new RouteMatch<T>(null, redirect, Status: status);
        }

        string allow = Allowed(path);
        return new RouteMatch<T>(null, null, allow.Length > 0 ? allow : null);
    }

    // A route for OPTIONS alone makes no path known to other methods.
    private string Allowed(string path)
    {
        var methods = new SortedSet<string>(routes.Where(route => route.Method != "OPTIONS" && route.Matches(path))
            .Select(static route => route.Method), StringComparer.Ordinal);
        if (methods.Count > 0)
        {
            methods.Add("OPTIONS");
        }

        return string.Join(", ", methods);
    }

    private static string? Redirect(Route<T>[] routes, string path)
    {
        string other = OtherSlash(path);
        if (Array.Exists(
            routes, route => route.Tail != RouteTail.Job && (route.Tail == RouteTail.None ? route.Path == other : route.Path == path + "/"))
            || (path.EndsWith("/metrics/job/", StringComparison.Ordinal)
                && Array.Exists(routes, route => route.Tail == RouteTail.Job && route.Path == path)))
        {
            // The second case has no route behind it; the Pushgateway redirects an empty job there all the same, and so ends in 404.
            return other;
        }

        string clean = PathCleaner.Clean(path);
        foreach (string candidate in (string[])[clean, OtherSlash(clean)])
        {
            if (Array.Find(routes, route => route.Matches(candidate, StringComparison.OrdinalIgnoreCase)) is { } inOtherCase)
            {
                return inOtherCase.Path + candidate[inOtherCase.Path.Length..];
            }
        }

        return null;
    }

    private static string OtherSlash(string path) => path.EndsWith('/') ? path[..^1] : path + "/";
}
