/**
 * The forwarding database: which VTEP serves an inner destination. Immutable snapshots, any thread.
 */
@NullMarked
package dev.culvert.overlay.fdb;

import org.jspecify.annotations.NullMarked;
