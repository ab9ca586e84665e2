using Exposition.Engine;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Tests;

/// <summary>Large groups: the shape is stored once, a push of the same series writes its values.</summary>
public class SplitGroupTests : InDirectory
{
    private static readonly GroupingKey s_key = Samples.Key("large");

    [Fact]
    public void A_repeated_shape_is_written_once()
    {
        Save((s_key, Large("a", 1)));
        Save((s_key, Large("a", 2)));
        Assert.Equal([Samples.Show(s_key, Large("a", 2))], Load(out _));

        // Who does not write a shape does not notice that it is broken.
        Sql("UPDATE shapes SET content = zeroblob(3)");
        Save((s_key, Large("a", 3)));
        Assert.Equal(new byte[3], Sql("SELECT content FROM shapes"));

        Save((s_key, Large("b", 3)));
        Assert.Equal([Samples.Show(s_key, Large("b", 3))], Load(out _));
    }

    [Fact]
    public void A_group_that_shrinks_or_goes_takes_its_shape_along()
    {
        Save((s_key, Large("a", 1)), (Samples.Key("other"), Large("a", 1)));
        Assert.Equal(2L, Sql("SELECT count(*) FROM shapes"));
        FamilyEntry[] small = [Samples.Family("a", "a 1\n")];
        Save((s_key, small));
        Assert.Equal(1L, Sql("SELECT count(*) FROM shapes"));
        using (IDurableStore store = Open())
        {
            using IDurableBatch batch = store.Begin();
            batch.Remove(Samples.Key("other"));
            batch.Commit();
        }

        Assert.Equal(0L, Sql("SELECT count(*) FROM shapes"));
        Save((s_key, Large("a", 4)));
        Assert.Equal([Samples.Show(s_key, Large("a", 4))], Load(out _));
    }

    [Fact]
    public void A_batch_that_is_dropped_leaves_shape_and_values_as_they_were()
    {
        Save((s_key, Large("a", 1)));
        using (IDurableStore store = Open())
        {
            using (IDurableBatch batch = store.Begin())
            {
                batch.Put(new KeptGroup(s_key, Large("b", 2)), 9);
            }

            using IDurableBatch next = store.Begin();
            next.Put(new KeptGroup(s_key, Large("a", 3)), 10);
            next.Commit();
        }

        Assert.Equal([Samples.Show(s_key, Large("a", 3))], Load(out _));
    }

    [Theory]
    [InlineData("UPDATE shapes SET content = zeroblob(length(content)) WHERE id = 1")]
    [InlineData("UPDATE shapes SET content = substr(content, 1, 40) WHERE id = 1")]
    [InlineData("DELETE FROM shapes WHERE id = 1")]
    [InlineData("UPDATE shapes SET content = (SELECT content FROM shapes WHERE id = 2) WHERE id = 1")]
    public void A_damaged_shape_costs_its_group_which_is_kept_aside(string damage)
    {
        Save((s_key, Large("a", 1)), (Samples.Key("other"), Large("b", 2)));
        Sql(damage);

        Assert.Equal([Samples.Show(Samples.Key("other"), Large("b", 2))], Load(out LoadReport report));

        Assert.Equal(new LoadReport(1, 1, false), report);
        Assert.Equal(DurableEvent.DamagedGroup, Assert.Single(Notices).Event);
        Assert.Equal(damage.StartsWith("DELETE", StringComparison.Ordinal) ? 0L : 1L, Sql("SELECT count(shape) FROM damaged"));
        Assert.Equal(1L, Sql("SELECT count(*) FROM shapes"));
        Save((s_key, Large("a", 5)));
        Assert.Equal(2, Load(out _).Count);
    }

    [Fact]
    public void A_file_of_the_first_schema_is_read_and_brought_up_to_date()
    {
        FamilyEntry[] small = [Samples.Family("a", "a 1\n")];
        Save((s_key, small));
        MakeFirstSchema();
        DurableSnapshot.Read(File, (in group) => Assert.Equal(s_key, group.Key), Notices.Add);
        Assert.Equal(1L, Sql("PRAGMA user_version"));

        Assert.Equal([Samples.Show(s_key, small)], Load(out _));

        Assert.Empty(Notices);
        Assert.Equal(2L, Sql("PRAGMA user_version"));
        Save((s_key, Large("a", 6)));
        Assert.Equal([Samples.Show(s_key, Large("a", 6))], Load(out _));
        Assert.Equal(1L, Sql("SELECT count(*) FROM shapes"));
    }

    private void MakeFirstSchema() => Sql("""
        DROP TABLE shapes; ALTER TABLE damaged DROP COLUMN shape; PRAGMA user_version = 1
        """);

    private static FamilyEntry[] Large(string name, int value) =>
        [Samples.Family(name, string.Concat(Enumerable.Range(0, 300).Select(i => $"{name}{{n=\"{i * 7919}\"}} {value * i}\n")), "help",
            pushedAt: value)];

    private object? Sql(string text)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        return command.ExecuteScalar();
    }
}
