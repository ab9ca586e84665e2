using System.Globalization;
using System.Text.Json;

namespace Exposition.Gateway.Tests;

/// <summary>As much of JSON Schema as the description of the API uses; a word that it does not know is an error.</summary>
internal sealed class JsonSchema(JsonElement document)
{
    /// <summary>What a value has against a schema.</summary>
    public List<string> Faults(JsonElement schema, JsonElement value, string at = "$")
    {
        var faults = new List<string>();
        Check(schema, value, at, faults);
        return faults;
    }

    /// <summary>What a reference stands for, or the element itself.</summary>
    public JsonElement Resolve(JsonElement element)
    {
        while (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$ref", out JsonElement reference))
        {
            element = document;
            foreach (string part in reference.GetString()![2..].Split('/'))
            {
                element = element.GetProperty(part);
            }
        }

        return element;
    }

    private void Check(JsonElement given, JsonElement value, string at, List<string> faults)
    {
        JsonElement schema = Resolve(given);
        foreach (JsonProperty word in schema.EnumerateObject())
        {
            JsonElement rule = word.Value;
            bool holds = word.Name switch
            {
                "type" => Is(value, rule.GetString()!),
                "const" => JsonElement.DeepEquals(value, rule),
                "enum" => rule.EnumerateArray().Any(one => JsonElement.DeepEquals(value, one)),
                "required" => rule.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
                "minimum" => value.GetDouble() >= rule.GetDouble(),
                "maximum" => value.GetDouble() <= rule.GetDouble(),
                "minItems" => value.GetArrayLength() >= rule.GetInt32(),
                "maxItems" => value.GetArrayLength() <= rule.GetInt32(),
                "minLength" => value.GetString()!.Length >= rule.GetInt32(),
                "format" => DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
                "properties" or "additionalProperties" or "items" or "description" or "default" or "examples" => true,
                _ => throw new InvalidOperationException($"{at}: unknown word {word.Name}"),
            };
            if (!holds)
            {
                string shown = value.GetRawText();
                faults.Add($"{at}: {shown[..Math.Min(80, shown.Length)]} against {word.Name} {rule.GetRawText()}");
                return;
            }
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in value.EnumerateObject())
            {
                CheckProperty(schema, property, $"{at}.{property.Name}", faults);
            }
        }
        else if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out JsonElement items))
        {
            int i = 0;
            foreach (JsonElement item in value.EnumerateArray())
            {
                Check(items, item, $"{at}[{i++}]", faults);
            }
        }
    }

    private void CheckProperty(JsonElement schema, JsonProperty property, string at, List<string> faults)
    {
        if (schema.TryGetProperty("properties", out JsonElement known) && known.TryGetProperty(property.Name, out JsonElement own))
        {
            Check(own, property.Value, at, faults);
        }
        else if (schema.TryGetProperty("additionalProperties", out JsonElement others))
        {
            if (others.ValueKind == JsonValueKind.False)
            {
                faults.Add($"{at}: is not described");
            }
            else if (others.ValueKind == JsonValueKind.Object)
            {
                Check(others, property.Value, at, faults);
            }
        }
    }

    private static bool Is(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => throw new InvalidOperationException("unknown type " + type),
    };
}
