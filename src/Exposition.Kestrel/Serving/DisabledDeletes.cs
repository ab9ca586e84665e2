using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Serving;

/// <summary>Where deletes are disabled: of one group, of many, and of all alike.</summary>
internal static class DisabledDeletes
{
    /// <summary>The answer.</summary>
    public static Answer Answer(ExpositionOptions options) =>
        new(403, $"deletes are disabled ({options.NameOf(nameof(ExpositionOptions.DisableDelete), "--web.disable-delete")})",
            Rejected: Rejection.Disabled);

    /// <summary>Serves a delete unless they are.</summary>
    public static RequestDelegate Guard(ExpositionEngine engine, RequestDelegate serve) => context =>
        engine.Options.DisableDelete ? engine.RefuseAsync(context, Answer(engine.Options)) : serve(context);
}
