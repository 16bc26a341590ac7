/**
 * Links, addresses, routes and neighbours of one network namespace, in domain terms.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/rtnetlink.7.html">rtnetlink(7)</a>
 */
@NullMarked
package dev.culvert.linux.route;

import org.jspecify.annotations.NullMarked;
