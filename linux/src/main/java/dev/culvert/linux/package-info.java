/**
 * Owned descriptors, socket options, sysctls and the one exception for a failed call.
 *
 * <p>Everything here fails with {@link dev.culvert.linux.LinuxException}, which names the call, the
 * errno and the object.
 */
@NullMarked
package dev.culvert.linux;

import org.jspecify.annotations.NullMarked;
