package dev.culvert.linux.route;

/**
 * How fast packets may leave by a link: a token bucket, which delays what is too fast, and drops
 * what does not fit its queue. Immutable.
 *
 * @param bytesPerSecond the rate in the long run, of Ethernet frames
 * @param burstBytes what may leave at once after a rest; a larger packet is cut first
 * @param queueBytes what may wait
 * @see <a href="https://man7.org/linux/man-pages/man8/tc-tbf.8.html">tc-tbf(8)</a>
 */
public record RateLimit(long bytesPerSecond, int burstBytes, int queueBytes) {

    /**
     * Checks that all are positive.
     *
     * @throws IllegalArgumentException if one is not
     */
    public RateLimit {
        if (bytesPerSecond <= 0 || burstBytes <= 0 || queueBytes <= 0) {
            throw new IllegalArgumentException(
                    "a rate limit needs a rate, a burst and a queue: %d bytes/s, %d and %d bytes"
                            .formatted(bytesPerSecond, burstBytes, queueBytes));
        }
    }
}
