/** TUN queues and UDP sockets as Netty channels that read in batches into fixed native memory. */
@NullMarked
package dev.culvert.overlay.channel;

import org.jspecify.annotations.NullMarked;
