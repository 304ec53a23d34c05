/** The app's backend, as far as it has a say in tickets. */
import { createPublisher, type Publisher } from "roomful/publisher";

export class TicketService {
  private readonly publisher: Publisher;

  constructor(options: { url: string; apiKey: string }) {
    this.publisher = createPublisher(options);
  }

  /** Writes a refund into the ticket, once, however often the payment provider reports it. */
  async reportRefund(ticket: number, refundId: string, euros: number): Promise<void> {
    const content = `${euros} € are on their way back to you.`;
    const message = { userId: "billing", content, type: "refund", metadata: { refundId } };
    await this.publisher.publish(`ticket-${ticket}`, message, { idempotencyKey: `refund-${refundId}` });
  }

  /** Tells the screens that are open. Others learn it from the database of tickets. */
  async close(ticket: number, reason: string): Promise<void> {
    await this.publisher.emit(`ticket-${ticket}`, "ticket_closed", { reason });
  }
}
