/**
 * Netlink framing: requests with attributes, acknowledgements, dumps.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/netlink.7.html">netlink(7)</a>
 */
@NullMarked
package dev.culvert.linux.netlink;

import org.jspecify.annotations.NullMarked;
