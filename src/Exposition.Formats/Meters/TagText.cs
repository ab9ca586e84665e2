using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Exposition.Formats.Meters;

/// <summary>Values of tags as text: numbers without a culture, <c>true</c> and <c>false</c>, arrays as JSON.</summary>
internal static class TagText
{
    public static string Of(object? value)
    {
        try
        {
            return value switch
            {
                null => "",
                string text => text,
                bool flag => flag ? "true" : "false",
                IFormattable number => number.ToString(null, CultureInfo.InvariantCulture) ?? "",
                Array items => OfItems(items),
                _ => value.ToString() ?? "",
            };
        }
        catch (Exception)
        {
            // It is the code of the value that has failed; who measures shall not pay for it.
            return value!.GetType().ToString();
        }
    }

    private static string OfItems(IEnumerable items) => "[" + string.Join(',', items.Cast<object?>().Select(static item => item switch
    {
        null => "null",
        string text => $"\"{JsonEncodedText.Encode(text)}\"",
        _ => Of(item),
    })) + "]";
}
