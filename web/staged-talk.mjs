/** The conversation that README's pictures show. */
export const VIEWER = "Ada";

export const ROOMS = [
  {
    name: "launch",
    members: ["Noor", "Kenji", "Sofia", "Tomás", "林雨", VIEWER],
    typist: "Noor",
    read: 13,
    lines: [
      ["Noor", "Morning! Two things left for Thursday: the release notes, and a last look at the new onboarding."],
      ["Kenji", "Onboarding is in staging since last night."],
      ["Kenji", "https://staging.example.com/welcome"],
      ["Sofia", "Went through it on my phone. The third step is lovely now."],
      ["Sofia", "One nit: the button under it hides behind the keyboard on small screens."],
      ["Tomás", "Ha, same one I found on the tablet. I have a fix, ten minutes."],
      ["Noor", "Perfect. Who writes the notes?"],
      ["林雨", "I can. Draft by noon, in English and 中文."],
      [
        "Tomás",
        "Fix is up. Buttons stay where they belong:\n- phone, portrait and landscape\n- tablet, with and without a keyboard",
      ],
      ["Sofia", "Confirmed on both. Shipping this feels good 🎉"],
      ["Kenji", "Load test from yesterday, for the notes: 1,000 messages a second in one room, and every one arrived."],
      ["Kenji", "We pulled the plug on the database in the middle. Nobody in the room noticed."],
      ["Ada", "I was in it, and did not. And nothing lost?"],
      ["Kenji", "Nothing. Everything that was acknowledged is there, once, under its number."],
      ["林雨", "That sentence goes into the notes as it is."],
      ["Tomás", "Ada, could you take the last look at https://docs.example.com/launch before we tag it?"],
    ],
  },
  {
    name: "shanghai",
    members: ["林雨", "王小明", "陈晨", "Kenji"],
    typist: "陈晨",
    read: 7,
    lines: [
      ["林雨", "大家早！周四发布，中文文档还差哪些？"],
      ["王小明", "快速开始和常见问题都校对完了。"],
      ["王小明", "部署一章今天下午给您。"],
      ["陈晨", "截图我来换成新的界面，深色和浅色各一张。"],
      ["Kenji", "Thanks all! 辛苦了 🙏"],
      ["林雨", "术语表在这里：https://docs.example.com/zh/terms"],
      ["王小明", "收到。“确认”统一指已写入数据库，对吧？"],
      ["林雨", "对：确认就是已经存好，只存一次，带着自己的编号。"],
      ["陈晨", "这句话很好，我放进首页。"],
    ],
  },
  {
    name: "design",
    members: ["Sofia", "Noor"],
    read: 1,
    lines: [
      ["Sofia", "New palette is in the file."],
      ["Noor", "The green is right. Calm."],
      ["Sofia", "Dark theme next."],
      ["Noor", "Take your time, it shows."],
    ],
  },
  { name: "lunch", members: ["Tomás", "Kenji"], read: 1, lines: [["Tomás", "Noodles at half past twelve?"]] },
  { name: "support", isElsewhere: true, members: ["Sofia", "Tomás", "王小明"], read: 0, lines: [] },
  { name: "reading-club", isElsewhere: true, members: ["Noor", "林雨"], read: 0, lines: [] },
];
