using System.Security.Cryptography;
using System.Text;
using Exposition.Formats;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Web;

// The file and the certificates it names are read again twice a second and compared with what is in force: contents, not times, so that
// links that are swapped (as orchestrators do) and clocks that jump do not matter. New contents count only when they have been
// the same twice, so that a file caught in the middle of being written, which may well be valid, does not open the door.

/// <summary>Holds the web configuration in force and follows its files.</summary>
internal sealed class WebConfigFile : IMetricSource, IAsyncDisposable
{
    private const int MaxFileBytes = 1 << 20;
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(500);

    private readonly string _path;
    private readonly int _passwordChecks;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _reading = new();
    private Dictionary<string, string?> _inForce;
    private Dictionary<string, string?>? _pending;
    private Dictionary<string, string?>? _refused;
    private volatile WebState _state;
    private volatile string? _fault;
    private string? _failure;
    private long _loadedAt;
    private Task _following = Task.CompletedTask;

    private WebConfigFile(string path, int passwordChecks, ILogger logger)
    {
        _path = path;
        _passwordChecks = passwordChecks;
        _logger = logger;
        _inForce = [];
        _state = Load(null, _inForce);
        Loaded();
    }

    /// <summary>The file's full path.</summary>
    public string FullPath => _path;

    /// <summary>Why what is in the file now is not in force; null if it is.</summary>
    public string? Fault => _fault;

    /// <summary>The configuration in force.</summary>
    public WebState State => _state;

    /// <summary>Reads the file for the first time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="passwordChecks">How many checks of passwords may wait.</param>
    /// <param name="logger">Where its reloads are logged.</param>
    /// <exception cref="WebConfigException">It cannot be used.</exception>
    public static WebConfigFile Open(string path, int passwordChecks, ILogger logger) =>
        new(Path.GetFullPath(path), passwordChecks, logger);

    /// <summary>The text of a file of configuration.</summary>
    /// <exception cref="WebConfigException">It cannot be read.</exception>
    public static string ReadText(string fullPath) => Guarded(() => TextOf(ReadAll(fullPath)));

    /// <summary>What the file says now, for one who does not serve by it. Files that it names are not read.</summary>
    /// <exception cref="WebConfigException">It cannot be read, or is wrong.</exception>
    public static WebConfig ReadOnce(string path) => Guarded(() =>
    {
        string full = Path.GetFullPath(path);
        return WebConfigReader.Read(TextOf(ReadAll(full)), Path.GetDirectoryName(full)!);
    });

    /// <summary>Starts to follow the files.</summary>
    public void Follow() => _following = Task.Run(FollowAsync);

    /// <summary>Reads the files again now, however short ago they have changed. What comes of it is the caller's to log.</summary>
    /// <returns>Why they cannot be used: what was in force stays so. Null if they are in force.</returns>
    public string? ReloadNow()
    {
        lock (_reading)
        {
            return TakeUp();
        }
    }

    public void Collect(FamilySet into)
    {
        into.AddGauge("pushgateway_web_config_last_reload_success_timestamp_seconds"u8,
            "Unix time at which the web configuration in force was read."u8, Volatile.Read(ref _loadedAt) / 1000.0);
        into.AddGauge("pushgateway_web_config_last_reload_successful"u8,
            "Whether the web configuration file was in order when it was last read; if not, the one before stays in force."u8,
            _fault is null ? 1 : 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _following;
        _end.Dispose();
    }

    private async Task FollowAsync()
    {
        using var timer = new PeriodicTimer(s_every);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                TryLook();
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    // Whatever it is: what is in force stays so, that is said, and the next look tries again.
    private void TryLook()
    {
        try
        {
            lock (_reading)
            {
                Look();
            }

            _failure = null;
        }
        catch (Exception e)
        {
            string message = $"{e.GetType().Name}: {e.Message}";
            _fault = message;
            if (message != _failure)
            {
                _failure = message;
                _logger.WebConfigRefused(_path, message);
            }
        }
    }

    private void Look()
    {
        Dictionary<string, string?> now = _inForce.Concat(_refused ?? []).Select(static file => file.Key).Distinct()
            .ToDictionary(static path => path, DigestOrNull);
        if (Holds(_inForce, now))
        {
            // A change that was taken back is a success too.
            _fault = null;
            _pending = _refused = null;
        }
        else if (_pending is null || _pending.Count != now.Count || !Holds(_pending, now))
        {
            _pending = now;
        }
        else if (_refused is null || !Holds(_refused, now))
        {
            Reload();
        }
    }

    private void Reload()
    {
        if (TakeUp() is { } error)
        {
            _logger.WebConfigRefused(_path, error);
        }
        else
        {
            _logger.WebConfigReloaded(_path);
        }
    }

    private string? TakeUp()
    {
        var contents = new Dictionary<string, string?>();
        try
        {
            _state = Load(_state, contents);
            _inForce = contents;
            _pending = _refused = null;
            Loaded();
            return null;
        }
        catch (WebConfigException e)
        {
            _refused = contents;
            _pending = null;
            return _fault = e.Message;
        }
    }

    private void Loaded()
    {
        _fault = null;
        Volatile.Write(ref _loadedAt, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        foreach (string notice in _state.Config.Tls?.Notices ?? [])
        {
            _logger.WebConfigNotice(_path, notice);
        }
    }

    // What was read is put down even if it is refused then: a certificate that is missing now may come later.
    private WebState Load(WebState? before, Dictionary<string, string?> contents)
    {
        string Read(string path)
        {
            contents[path] = null;
            byte[] bytes = ReadAll(path);
            contents[path] = Digest(bytes);
            return TextOf(bytes);
        }

        return Guarded(
            () => WebState.Make(WebConfigReader.Read(Read(_path), Path.GetDirectoryName(_path)!), before, _passwordChecks, Read));
    }

    // Files that cannot be read, paths that are none: whatever it is, it must not end the program while it serves.
    private static T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not WebConfigException)
        {
            throw new WebConfigException(e.Message);
        }
    }

    // Editors on Windows write a byte order mark, which is no part of the text.
    private static string TextOf(byte[] bytes) => Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');

    private static byte[] ReadAll(string path)
    {
        if (FileKind.IsSpecial(path))
        {
            throw new IOException($"{path} is a device, a pipe or a socket");
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (file.Length > MaxFileBytes)
        {
            throw new IOException($"{path} is longer than {MaxFileBytes} bytes");
        }

        byte[] bytes = new byte[file.Length];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    // Only digests are kept: these files hold keys.
    private static string Digest(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    private static string? DigestOrNull(string path)
    {
        try
        {
            return Digest(ReadAll(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static bool Holds(Dictionary<string, string?> expected, Dictionary<string, string?> now) =>
        expected.All(file => now.TryGetValue(file.Key, out string? digest) && digest == file.Value);
}
