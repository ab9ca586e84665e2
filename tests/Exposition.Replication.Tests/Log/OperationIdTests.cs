namespace Exposition.Replication.Tests.Log;

public sealed class OperationIdTests
{
    [Fact]
    public void An_id_reads_back_from_its_text()
    {
        var id = new OperationId(Guid.NewGuid(), long.MaxValue);

        Assert.True(OperationId.TryParse(id.ToString(), out OperationId read));
        Assert.Equal(id, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    [InlineData("0123456789abcdef0123456789abcdef-")]
    [InlineData("0123456789abcdef0123456789abcdef--1")]
    [InlineData("0123456789abcdef-1")]
    public void What_is_no_id_does_not_read(string text) => Assert.False(OperationId.TryParse(text, out _));
}
